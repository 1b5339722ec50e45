// Browsers, and the page of "wsdriver serve" in them.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import puppeteer from 'puppeteer-core'

// A script may wait this long for the page: the machine may be busy.
const patience = 60_000

export const browsers = {
	chromium: {
		browser: 'chrome',
		executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
		args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
			'--disable-component-update', '--disable-sync'],
	},
	firefox: {
		browser: 'firefox',
		protocol: 'webDriverBiDi',
		executablePath: process.env.FIREFOX || '/usr/bin/firefox-esr',
	},
}

// launch starts a browser with an empty profile, which likes the page light or dark.
export async function launch(name, scheme = 'light') {
	const options = { ...browsers[name], headless: true, acceptInsecureCerts: true, timeout: patience }
	if (name === 'firefox') options.extraPrefsFirefox = { 'layout.css.prefers-color-scheme.content-override': scheme === 'dark' ? 0 : 1 }
	if (name === 'chromium' && scheme === 'dark') options.args = [...options.args, '--blink-settings=preferredColorScheme=0']
	return puppeteer.launch(options)
}

// Page is the page in a tab. What the browser complains of fails close.
export class Page {
	complaints = []
	before = 0 // messages received before the last send

	static async open(browser, url, { width = 1280, height = 960 } = {}) {
		const p = new Page()
		p.tab = await browser.newPage()
		p.tab.setDefaultTimeout(patience)
		p.tab.on('console', m => p.complaints.push(`console, ${m.type()}: ${m.text()}`))
		p.tab.on('pageerror', e => p.complaints.push(`error: ${e.message}`))
		p.tab.on('requestfailed', r => p.complaints.push(`request failed: ${r.url()}, ${r.failure()?.errorText}`))
		p.tab.on('response', r => { if (r.status() >= 400) p.complaints.push(`status ${r.status()}: ${r.url()}`) })
		await p.tab.setViewport({ width, height })
		await p.tab.goto(url)
		await p.state('open')
		return p
	}

	async close() {
		const before = this.complaints.length
		await this.tab.close()
		const cutOff = (c, i) => i >= before && c.endsWith(', net::ERR_ABORTED') // a request that the closing has met
		assert.deepEqual(this.complaints.filter((c, i) => !cutOff(c, i)), [])
	}

	text(id) {
		return this.tab.$eval(`#${id}`, e => e.textContent)
	}

	// until waits until f, which runs in the page, is true.
	until(f, ...args) {
		return this.tab.waitForFunction(f, { timeout: patience }, ...args)
	}

	state(want) {
		return this.until(want => document.querySelector('#state').textContent === want, want)
	}

	// set puts a value into a field, as typing it would.
	set(id, value) {
		return this.tab.$eval(`#${id}`, (e, value) => {
			e.value = value
			e.dispatchEvent(new Event('change'))
		}, value)
	}

	press(id) {
		return this.tab.$eval(`#${id}`, e => e.click())
	}

	// reconnect closes the connection and opens one with other subprotocols.
	async reconnect(subprotocols) {
		await this.press('shut')
		await this.state('closed')
		await this.set('subprotocols', subprotocols)
		await this.press('open')
		await this.state('open')
	}

	received() {
		return this.tab.$$eval('#log .in', all => all.length)
	}

	// sendText sends a text, sendFile a file with bytes; echo waits for the answer.
	async sendText(text) {
		this.before = await this.received()
		await this.set('text', text)
		await this.press('submit')
	}

	async sendFile(bytes) {
		const dir = await mkdtemp(join(tmpdir(), 'browsers-'))
		const path = join(dir, 'file.bin')
		await writeFile(path, bytes)
		try {
			this.before = await this.received()
			const input = await this.tab.$('#files')
			await input.uploadFile(path)
			await this.press('submit')
			return await this.echo()
		} finally {
			await rm(dir, { recursive: true })
		}
	}

	// echo waits for the next message that comes after a send, and returns its line
	// of the list.
	async echo() {
		await this.until(before => document.querySelectorAll('#log .in').length > before, this.before)
		return this.tab.$eval('#log .in:last-child', e => ({
			about: e.querySelector('.about').textContent,
			equal: e.querySelector('.echo') !== null,
			body: e.querySelector('.body')?.textContent ?? '',
		}))
	}

	// bulk sends many messages, and returns the page's verdict when all have come
	// back.
	async bulk(count, size, content) {
		await this.set('count', String(count))
		await this.set('size', String(size))
		await this.set('content', content)
		await this.press('start')
		await this.until(() => document.querySelector('#result').dataset.state !== undefined)
		return this.text('result')
	}
}
