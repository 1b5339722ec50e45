// A page cannot see what is on the wire. Its server counts, and reports the numbers to
// those that know the id of the connection, which the page puts into the URL.
import { bytes, percent, whole } from './words.js'

const interval = 500 // milliseconds

const $ = selector => document.querySelector(selector)

let id = '' // '' for another server than that of the page
let compressed = false
let timer = 0
let stale = false

// watch returns the id for a new connection to url, or '' if numbers are not
// available.
export function watch(url) {
	$('#stats').hidden = true
	$('#compression').textContent = '–'
	const own = url.host === location.host
	id = own ? Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('') : ''
	return id
}

// start is called when the connection is open.
export function start(withCompression) {
	compressed = withCompression
	$('#compression').textContent = compressed ? 'permessage-deflate' : 'none'
	if (id) timer = setInterval(ask, interval)
}

export function stop() {
	clearInterval(timer)
	id = ''
}

// changed is called when the numbers change: the server is asked only then.
export function changed() {
	stale = true
}

async function ask() {
	if (!stale) return
	stale = false
	const asked = id
	try {
		const answer = await fetch(`/stats?id=${asked}`)
		const numbers = await answer.text() // always: browsers report a response that is not read as aborted
		if (answer.status !== 200 || id !== asked) return
		const { received, sent } = JSON.parse(numbers)
		row('#received', received)
		row('#sent', sent)
		$('#stats').hidden = false
		if (compressed) $('#compression').textContent = `to ${percent(ratio(received))} of the payload and back to ${percent(ratio(sent))}`
	} catch {
		// The server has ended, and so has the connection.
	}
}

const ratio = ({ payload, wire }) => payload === 0 ? 1 : wire / payload

function row(selector, numbers) {
	const cells = document.querySelectorAll(`${selector} td`)
	const texts = [whole(numbers.messages), bytes(numbers.payload), bytes(numbers.wire), percent(ratio(numbers))]
	texts.forEach((text, i) => { cells[i].textContent = text })
}
