// permessage-deflate with browsers: 10,000 messages for each way that a side may
// be told to compress, and 100 for each pair of these ways. They are of all sizes,
// so that some are too short to be compressed, and every third is incompressible.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { browsers, launch, Page } from './browser.mjs'
import { serve } from './serve.mjs'

const allBits = [0, 8, 9, 10, 11, 12, 13, 14, 15] // 0 says nothing

// offersBits: Chromium offers client_max_window_bits, so a server may limit the
// window of what it sends; Firefox does not. Nor does it show parameters.
const offersBits = { chromium: true, firefox: false }

// sets pairs the 18 ways of one side with those of the other. The sides compress
// each for itself, so these carry the many messages, and all pairs a few.
function sets(name) {
	const all = []
	for (const [i, bits] of allBits.entries()) {
		for (const alone of [false, true]) {
			all.push({
				server: { alone, bits },
				client: { alone: alone !== (i % 2 === 1), bits: offersBits[name] ? allBits.at(-1 - i) : 0 },
			})
		}
	}
	return all
}

// everySet returns all pairs that a server may answer the browser with.
function everySet(name) {
	const sides = bits => bits.flatMap(bits => [{ alone: false, bits }, { alone: true, bits }])
	const clients = sides(offersBits[name] ? allBits : [0])
	return sides(allBits).flatMap(server => clients.map(client => ({ server, client })))
}

// echoes runs in the browser: it sends messages of many sizes to url, each of which
// has to come back, and returns the extensions agreed on.
async function echoes(url, count) {
	const socket = new WebSocket(url)
	socket.binaryType = 'arraybuffer'
	await new Promise((opened, failed) => {
		socket.onopen = opened
		socket.onerror = () => failed(new Error(`no connection to ${url}`))
	})
	const sent = []
	for (let i = 0; i < count; i++) {
		const size = i * i % 3000
		const bytes = crypto.getRandomValues(new Uint8Array(size))
		sent.push(i % 3 === 0 ? bytes.buffer : 'abc 世界 😀 '.repeat(size / 10) + i)
	}
	const same = (a, b) => typeof a === 'string' || typeof b === 'string' ? a === b
		: a.byteLength === b.byteLength && new Uint8Array(a).every((x, i) => x === new Uint8Array(b)[i])
	let received = 0
	await new Promise((done, failed) => {
		socket.onmessage = ({ data }) => {
			if (!same(data, sent[received])) failed(new Error(`message ${received} is not the one that was sent`))
			if (++received === count) done()
		}
		socket.onclose = ({ code, reason }) => failed(new Error(`closed with ${code} ${reason} after ${received} messages`))
		for (const message of sent) socket.send(message)
	})
	socket.onclose = null
	socket.close()
	return socket.extensions
}

// parameters are those of a set as the flag and the handshake have them.
const parameters = ({ server, client }, isShown) => [
	server.alone && 'server_no_context_takeover',
	client.alone && 'client_no_context_takeover',
	isShown(server.bits) && `server_max_window_bits=${server.bits}`,
	isShown(client.bits) && `client_max_window_bits=${client.bits}`,
].filter(Boolean)

for (const name of Object.keys(browsers)) {
	describe(name, () => {
		let browser
		before(async () => { browser = await launch(name) })
		after(() => browser?.close())

		// onPage opens the page of a server with -deflate and the parameters.
		const onPage = async (flag, f) => {
			const server = await serve(flag.length === 0 ? '-deflate' : `-deflate=${flag}`)
			try {
				const page = await Page.open(browser, server.page)
				await page.set('rate', '0')
				await f(page)
				await page.close()
			} finally {
				await server.stop()
			}
		}

		// agreed are the parameters that the browser shows: Firefox none.
		const agreed = set => name === 'firefox' ? [] : parameters(set, bits => bits !== 0 && bits !== 15)

		for (const set of sets(name)) {
			const flag = parameters(set, bits => bits !== 0)
			test(flag.join(', ') || 'no parameters', () => onPage(flag, async page => {
				assert.equal(await page.text('extensions'), ['permessage-deflate', ...agreed(set)].join('; '))
				assert.match(await page.bulk(10_000, 1500, 'mixed'), /^10,000 of 10,000 came back, all equal\. /)
				await page.until(() => parseInt(document.querySelector('#received td').textContent.replace(',', '')) >= 10_000)
				const [, to, from] = (await page.text('compression')).match(/^to (\S+) % of the payload and back to (\S+) %$/)
				for (const share of [to, from]) assert.ok(share > 20 && share < 75, `${share} % of the payload`)
			}))
		}

		test(`all ${everySet(name).length} pairs, 100 messages each`, () => onPage([], async page => {
			for (const set of everySet(name)) {
				const flag = parameters(set, bits => bits !== 0)
				const server = await serve(flag.length === 0 ? '-deflate' : `-deflate=${flag}`)
				try {
					const extensions = await page.tab.evaluate(echoes, server.page.replace('http', 'ws'), 100)
					assert.equal(extensions, ['permessage-deflate', ...agreed(set)].join('; '))
				} catch (err) {
					err.message = `${flag}: ${err.message}`
					throw err
				} finally {
					await server.stop()
				}
			}
		}))

		test('large messages', () => onPage([], async page => {
			assert.match(await page.bulk(8, 1 << 20, 'text'), /^8 of 8 came back, all equal\. /)
			assert.match(await page.bulk(8, 1 << 20, 'random'), /^8 of 8 came back, all equal\. /)
		}))

		if (!offersBits[name]) {
			test('a limit that the browser does not offer', () => onPage(['client_max_window_bits=14'], async page => {
				assert.equal(await page.text('extensions'), 'none')
				assert.match(await page.bulk(1000, 1500, 'mixed'), /^1,000 of 1,000 came back, all equal\. /)
			}))
		}
	})
}
