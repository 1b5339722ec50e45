// Pictures of the page, for people, in the folder that PICTURES names.
import assert from 'node:assert/strict'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { browsers, launch, Page } from './browser.mjs'
import { serve } from './serve.mjs'

const sizes = { desktop: { width: 1280, height: 960 }, phone: { width: 360, height: 740 } }
const folder = process.env.PICTURES || await mkdtemp(join(tmpdir(), 'wsdriver-pictures-'))

for (const name of Object.keys(browsers)) {
	for (const scheme of ['light', 'dark']) {
		describe(`${name}, ${scheme}`, () => {
			let browser, server
			before(async () => {
				browser = await launch(name, scheme)
				server = await serve('-deflate', '-subprotocol', 'chat')
			})
			after(async () => {
				await browser?.close()
				await server?.stop()
			})
			for (const [size, viewport] of Object.entries(sizes)) {
				test(size, async () => {
					const page = await Page.open(browser, server.page, viewport)
					await page.reconnect('chat')
					await page.bulk(5000, 1000, 'mixed')
					await page.sendText('Grüße, κόσμε, 世界')
					await page.echo()
					await page.sendFile(Uint8Array.from({ length: 300 }, (_, i) => i))
					await page.reconnect('chat')
					await page.set('rate', '50')
					await page.until(() => document.querySelector('#plot .curve').getAttribute('points').split(' ').length >= 75)
					await page.until(() => !document.querySelector('#stats').hidden)
					const colour = await page.tab.evaluate(() => getComputedStyle(document.body).backgroundColor)
					const brightness = Math.max(...colour.match(/\d+/g).map(Number))
					assert.equal(brightness > 128 ? 'light' : 'dark', scheme, colour)
					await page.tab.screenshot({ path: join(folder, `${name}-${size}-${scheme}.png`), fullPage: true })
					await page.close()
				})
			}
		})
	}
}

after(() => console.log(`pictures: ${folder}`))
