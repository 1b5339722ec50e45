// The page in browsers, with and without TLS.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { WebSocketServer } from 'ws'
import { browsers, launch, Page } from './browser.mjs'
import { serve } from './serve.mjs'

const allEqual = /^([\d,]+) of \1 came back, all equal\. /
const mebi = 1 << 20

for (const name of Object.keys(browsers)) {
	describe(name, () => {
		let browser
		before(async () => { browser = await launch(name) })
		after(() => browser?.close())

		for (const [scheme, ...flags] of [['ws'], ['wss', '-tls-self-signed']]) {
			describe(scheme, () => onServer(scheme, () => browser, flags))
		}
		describe('the end', () => theEnd(() => browser))
		test('a server that does not echo well', () => lyingServer(browser))
	})
}

// onServer has the tests that share a server.
function onServer(scheme, browser, flags) {
	let server
	before(async () => { server = await serve('-subprotocol', 'chat,echo', ...flags) })
	after(() => server?.stop())

	// onPage is a test with a page of its own.
	const onPage = (name, f, size) => test(name, async () => {
		const page = await Page.open(browser(), server.page, size)
		await f(page)
		await page.close()
	})

	onPage('what was negotiated', async page => {
		assert.equal(await page.text('version'), '13 (RFC 6455)')
		assert.equal(await page.text('subprotocol'), 'none')
		assert.equal(await page.text('extensions'), 'none')
		assert.equal(await page.text('compression'), 'none')
		assert.match(await page.tab.$eval('#url', e => e.value), new RegExp(`^${scheme}://127\\.0\\.0\\.1:\\d+/$`))
		await page.reconnect('nobody, echo')
		assert.equal(await page.text('subprotocol'), 'echo')
		await page.reconnect('chat')
		assert.equal(await page.text('subprotocol'), 'chat')
	})

	onPage('text, with characters outside the BMP', async page => {
		for (const text of ['hello', '', 'Grüße, κόσμε, 世界, 😀𝄞', '<b>&amp;</b>', 'x'.repeat(125), 'x'.repeat(126), '世'.repeat(133)]) {
			await page.sendText(text)
			const echo = await page.echo()
			assert.deepEqual([echo.equal, echo.body], [true, text])
		}
		for (const text of ['x'.repeat(mebi), '😀'.repeat(mebi / 4)]) {
			await page.sendText(text)
			const echo = await page.echo()
			assert.ok(echo.equal && echo.about.includes('text, 1,048,576 bytes'), echo.about)
			assert.equal(echo.body.length, 401, 'characters shown of a long text')
		}
	})

	onPage('binary messages from files', async page => {
		for (const [bytes, about, body] of [
			[Uint8Array.of(0, 1, 2, 253, 254, 255), 'binary, 6 B', '000102fd feff'],
			[new Uint8Array(0), 'binary, 0 B', ''],
			[randomBytes(mebi), 'binary, 1,048,576 bytes', null],
		]) {
			const echo = await page.sendFile(bytes)
			assert.ok(echo.equal && echo.about.includes(about), echo.about)
			if (body !== null) assert.equal(echo.body, body)
		}
	})

	onPage('files that are dropped', async page => {
		await page.tab.evaluate(() => {
			const dataTransfer = new DataTransfer()
			for (const text of ['abc', 'defg']) dataTransfer.items.add(new File([text], text))
			document.querySelector('#composer').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
		})
		await page.until(() => document.querySelectorAll('#log .in .echo').length === 2)
		assert.deepEqual(await page.tab.$$eval('#log .in .body', all => all.map(e => e.textContent)), ['616263', '64656667'])
	})

	onPage('the keyboard', async page => {
		await page.tab.focus('#text')
		await page.tab.keyboard.type('one')
		await page.tab.keyboard.down('Shift')
		await page.tab.keyboard.press('Enter')
		await page.tab.keyboard.up('Shift')
		await page.tab.keyboard.type('two')
		await page.tab.keyboard.press('Enter')
		assert.equal((await page.echo()).body, 'one\ntwo')
		const nameless = await page.tab.$$eval('input, select, textarea, button, progress, ol', all => all
			.filter(e => !e.labels?.[0]?.textContent.trim() && !e.textContent.trim() && !e.ariaLabel && !e.getAttribute('aria-labelledby'))
			.map(e => e.outerHTML))
		assert.deepEqual(nameless, [], 'controls without a name')
	})

	onPage('10,000 small messages in order', async page => {
		assert.match(await page.bulk(10_000, 16, 'text'), allEqual)
		assert.match(await page.bulk(10_000, 16, 'random'), allEqual)
	})

	onPage('large messages', async page => {
		assert.match(await page.bulk(16, mebi, 'text'), allEqual)
		assert.match(await page.bulk(16, mebi, 'random'), allEqual)
		assert.match(await page.bulk(1000, 100_000, 'mixed'), allEqual)
	})

	onPage('the numbers of the server', async page => {
		await page.set('rate', '0')
		await page.bulk(1000, 100, 'text')
		await page.until(() => {
			const cells = [...document.querySelectorAll('#received td')].map(e => e.textContent)
			return cells[1] === '100 kB' && cells[2] === '106 kB' && cells[3] === '106 %' // 6 bytes of header with the masking key
		})
	})

	onPage('the plot of round trips', async page => {
		await page.set('rate', '50')
		await page.until(() => document.querySelector('#plot .curve').getAttribute('points').split(' ').length >= 30)
		for (const id of ['last', 'median', 'p99']) assert.match(await page.text(id), /^\d+(\.\d+)? (ms|s)$/)
		assert.ok(Number(await page.text('trips')) >= 30)
		const box = await page.tab.$eval('#plot .curve', e => ({ width: e.getBBox().width, height: e.getBBox().height }))
		assert.ok(box.width > 50 && box.height > 0, JSON.stringify(box))
		await page.set('rate', '0')
	})

	onPage('a whole message, to view and to copy', async page => {
		const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i)
		const long = `begin${'x'.repeat(5000)}end 😀`
		const view = async () => {
			await page.tab.$eval('#log .in:last-child .view', e => e.click())
			return page.tab.$eval('#whole', e => e.value)
		}
		await page.sendText(long)
		await page.echo()
		assert.equal(await view(), long)
		await page.press('copy')
		await page.until(() => document.querySelector('#copy').textContent === 'Copied')
		await page.press('dismiss')
		assert.equal(await page.tab.$eval('#viewer', e => e.open), false)
		await page.sendFile(bytes)
		const hex = await view()
		assert.equal(hex.split('\n')[1], '10111213 14151617 18191a1b 1c1d1e1f')
		assert.equal(hex.replace(/\s/g, ''), Buffer.from(bytes).toString('hex'))
		await page.press('dismiss')
	})

	onPage('a connection that does not open', async page => {
		await page.set('rate', '0')
		await page.sendText('before')
		await page.echo()
		await page.press('shut')
		await page.state('closed')
		await page.set('url', `${scheme}://127.0.0.1:1/`)
		await page.press('open')
		await page.state('closed')
		for (const id of ['version', 'subprotocol', 'extensions', 'compression']) assert.equal(await page.text(id), '–', id)
		assert.equal(await page.text('closed'), 'not connected')
		assert.equal(await page.tab.$eval('#stats', e => e.hidden), true)
		const log = await page.text('log')
		assert.ok(log.includes('not connected') && !log.includes('1006'), log)
		assert.equal(await page.tab.$eval('#state', e => e.dataset.end), 'bad')
		page.complaints = page.complaints.filter(c => !c.includes('127.0.0.1:1')) // browsers log the failure
	})

	onPage('Send and Messages on the first screen of a phone', async page => {
		await page.sendText('hello')
		await page.echo()
		for (const selector of ['#submit', '#log', '#log .in']) {
			const { top, bottom } = await page.tab.$eval(selector, e => ({ top: e.getBoundingClientRect().top, bottom: e.getBoundingClientRect().bottom }))
			assert.ok(top >= 0 && bottom <= 740, `${selector} from ${top} to ${bottom}`)
		}
	}, { width: 360, height: 740 })

	onPage('close with code and reason', async page => {
		await page.set('code', '4321')
		await page.set('reason', 'so long, 😀')
		await page.press('shut')
		await page.state('closed')
		assert.equal(await page.text('closed'), '4321') // the reply has no reason
		assert.ok((await page.text('log')).includes('closing with 4321: so long, 😀'), await page.text('log'))
		assert.equal(await page.tab.$eval('#state', e => e.dataset.end), '') // it was asked for
		await page.press('open')
		await page.state('open')
		for (const [code, reason] of [['1001', ''], ['3000', 'x'.repeat(124)]]) { // what browsers forbid
			await page.set('code', code)
			await page.set('reason', reason)
			await page.press('shut')
			await page.until(() => document.querySelector('#problem').textContent !== '')
			assert.equal(await page.text('state'), 'open')
		}
	})

	onPage('no horizontal overflow at 360 px', async page => {
		for (const text of ['x'.repeat(5000), '世界'.repeat(200)]) {
			await page.sendText(text)
			await page.echo()
		}
		await page.bulk(100, 1000, 'mixed')
		await page.until(() => !document.querySelector('#stats').hidden)
		const wide = await page.tab.evaluate(() => [...document.querySelectorAll('body *')].filter(e => {
			const card = e.parentElement.closest('.card') ?? document.body
			const inner = card.getBoundingClientRect().right - parseFloat(getComputedStyle(card).paddingRight)
			return e.getBoundingClientRect().right > inner + 1
		}).map(e => e.outerHTML.slice(0, 100)))
		assert.deepEqual(wide, [], 'what sticks out')
		const [content, view] = await page.tab.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
		assert.ok(content <= view, `${content} px in ${view}`)
	}, { width: 360, height: 740 })
}

// theEnd has a server for each test, which closes the connection.
function theEnd(browser) {
	const onPage = (name, flags, f) => test(name, async () => {
		const server = await serve(...flags)
		try {
			const page = await Page.open(browser(), server.page)
			await page.set('rate', '0') // with no numbers to ask for, no request meets the end
			await page.sendText('hello')
			await page.echo()
			await page.until(() => !document.querySelector('#stats').hidden)
			await f(page, server)
			await page.close()
		} finally {
			await server.stop('SIGKILL')
		}
	})

	onPage('SIGTERM', [], async (page, server) => {
		await server.stop()
		await page.state('closed')
		assert.equal(await page.text('closed'), '1001, going away: the server is shutting down')
	})
	onPage('SIGKILL', [], async (page, server) => {
		await server.stop('SIGKILL')
		await page.state('closed')
		assert.equal(await page.tab.$eval('#state', e => e.dataset.end), 'bad')
		assert.equal(await page.text('closed'), '1006, abnormal closure')
	})
	onPage('a message that is too long', ['-max-message', '100'], async page => {
		await page.sendText('x'.repeat(101))
		await page.state('closed')
		assert.match(await page.text('closed'), /^1009, message too big: .*10[01]/)
	})
	onPage('a run that is cut short', [], async (page, server) => {
		await page.set('count', '1000000')
		await page.press('start')
		await page.until(() => document.querySelector('#progress').value > 0)
		await page.press('shut')
		await page.state('closed')
		assert.match(await page.text('result'), /^Ended early: [\d,]+ of 1,000,000 came back, all equal/)
		await page.press('open')
		await page.state('open')
		assert.match(await page.bulk(100, 10, 'text'), allEqual)
	})
}

// lyingServer holds that the page compares, with a server of another make that
// changes the tenth message.
async function lyingServer(browser) {
	const liar = new WebSocketServer({ port: 0, host: '127.0.0.1' })
	await once(liar, 'listening')
	const server = await serve()
	try {
		const page = await Page.open(browser, server.page)
		await page.set('rate', '0')
		await page.press('shut')
		await page.state('closed')
		await page.set('url', `ws://127.0.0.1:${liar.address().port}/path?x=y`)
		const connected = once(liar, 'connection')
		await page.press('open')
		const [socket, request] = await connected
		assert.equal(request.url, '/path?x=y', 'the id is for the page\'s own server')
		let n = 0
		socket.on('message', (data, binary) => socket.send(++n === 10 ? 'something else' : data, { binary: n !== 10 && binary }))
		await page.state('open')
		assert.match(await page.bulk(100, 20, 'random'), /^100 of 100 came back, 1 differ\. /)
		assert.equal(await page.tab.$eval('#result', e => e.dataset.state), 'bad')
		page.before = await page.received()
		socket.send('an unsolicited message')
		assert.equal((await page.echo()).equal, false)
		socket.close(3999, 'enough')
		await page.state('closed')
		assert.equal(await page.text('closed'), '3999: enough')

		// While a server does not answer the close frame, the page sends nothing.
		await page.set('rate', '50')
		const again = once(liar, 'connection')
		await page.press('open')
		const [deaf] = await again
		await page.state('open')
		deaf.pause()
		await page.press('shut')
		await page.until(start => performance.now() > start + 200, await page.tab.evaluate(() => performance.now()))
		assert.equal(await page.text('state'), 'closing')
		deaf.resume()
		await page.state('closed')
		await page.close()
	} finally {
		await server.stop()
		liar.close()
	}
}
