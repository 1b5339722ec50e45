// The connection, and what is sent by hand. The rest is in modules of its own:
// log.js, rtt.js, bulk.js, stats.js.
import { Run } from './bulk.js'
import * as log from './log.js'
import * as rtt from './rtt.js'
import * as stats from './stats.js'
import { closing, equal } from './words.js'

const $ = selector => document.querySelector(selector)
const mostWaiting = 1000

let socket = null
let run = null // the bulk run under way
let waiting = [] // what was sent by hand and may come back: { data, sent }

function connect() {
	complain('')
	const url = new URL($('#url').value, location.href.replace(/^http/, 'ws'))
	const names = $('#subprotocols').value.split(',').map(s => s.trim()).filter(s => s !== '')
	const id = stats.watch(url)
	if (id) url.searchParams.set('id', id)
	const s = new WebSocket(url, names)
	s.binaryType = 'arraybuffer'
	s.onopen = opened
	s.onmessage = event => received(event.data)
	s.onclose = closed
	socket = s
	fact('version', '–')
	fact('closed', '–')
	show('connecting')
}

function opened() {
	show('open')
	fact('version', '13 (RFC 6455)') // the only one that browsers speak
	fact('subprotocol', socket.protocol || 'none')
	fact('extensions', socket.extensions || 'none')
	stats.start(socket.extensions.includes('permessage-deflate'))
	log.note('open')
	rtt.start(send)
}

function received(data) {
	const now = performance.now()
	stats.changed()
	if (rtt.take(data, now)) return
	const first = waiting[0]
	if (first !== undefined && equal(data, first.data)) {
		waiting.shift()
		log.message('in', data, now - first.sent)
	} else if (run) {
		run.take(data)
	} else {
		log.message('in', data)
	}
}

function closed(event) {
	const how = closing(event.code, event.reason)
	rtt.stop()
	stats.stop()
	run?.end()
	waiting = []
	fact('closed', how)
	log.note(`closed with ${how}`)
	show('closed')
}

// send sends a message. While the connection closes nothing is sent: browsers
// complain of that.
function send(data) {
	if (socket?.readyState !== WebSocket.OPEN) return
	socket.send(data)
	stats.changed()
}

// sendByHand sends a message that the list shows.
function sendByHand(data) {
	if (socket?.readyState !== WebSocket.OPEN) return // files are read first, and it may close meanwhile
	log.message('out', data)
	if (waiting.length === mostWaiting) waiting.shift()
	waiting.push({ data, sent: performance.now() })
	send(data)
}

async function sendFiles(files) {
	for (const file of files) sendByHand(await file.arrayBuffer())
}

function startRun(count, size, content) {
	run = new Run(count, size, content, send, (sentence, good) => {
		run = null
		$('#result').textContent = sentence
		$('#result').dataset.state = good ? 'good' : 'bad'
		show($('#state').dataset.state)
	})
	$('#result').textContent = 'Under way.'
	delete $('#result').dataset.state
	show('open')
	run.fill()
}

// show sets the state and what can be done in it.
function show(state) {
	$('#state').textContent = state
	$('#state').dataset.state = state
	const open = state === 'open'
	$('#open').disabled = state !== 'closed'
	$('#shut').disabled = !open && state !== 'connecting'
	$('#submit').disabled = !open
	$('#start').disabled = !open || run !== null
	for (const b of document.querySelectorAll('.presets button')) b.disabled = $('#start').disabled
}

function fact(id, value) {
	$(`#${id}`).textContent = value
}

function complain(text) {
	$('#problem').textContent = text
	$('#problem').hidden = text === ''
}

// on calls f when a form is sent; what it throws is shown.
function on(form, f) {
	$(form).addEventListener('submit', async event => {
		event.preventDefault()
		complain('')
		try {
			await f()
		} catch (e) {
			complain(e.message)
		}
	})
}

on('#connect', connect)
on('#close', () => {
	socket.close(Number($('#code').value), $('#reason').value)
	show('closing')
})
on('#send', async () => {
	const { value } = $('#text')
	const files = [...$('#files').files]
	$('#send').reset()
	if (value !== '' || files.length === 0) sendByHand(value)
	await sendFiles(files)
})
on('#bulk', () => startRun(Number($('#count').value), Number($('#size').value), $('#content').value))

for (const button of document.querySelectorAll('.presets button')) {
	button.addEventListener('click', () => {
		$('#count').value = button.dataset.count
		$('#size').value = button.dataset.size
		$('#bulk').requestSubmit()
	})
}
$('#text').addEventListener('keydown', event => {
	if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
	event.preventDefault()
	if (!$('#submit').disabled) $('#send').requestSubmit()
})
$('#clear').addEventListener('click', log.clear)

const zone = $('#composer')
zone.addEventListener('dragover', event => {
	if (!event.dataTransfer.types.includes('Files')) return // a text goes where it is dropped
	event.preventDefault()
	zone.classList.add('over')
})
zone.addEventListener('dragleave', () => zone.classList.remove('over'))
zone.addEventListener('drop', event => {
	zone.classList.remove('over')
	if (event.dataTransfer.files.length === 0) return
	event.preventDefault()
	sendFiles(event.dataTransfer.files).catch(e => complain(e.message))
})

$('#url').value = `${location.origin.replace(/^http/, 'ws')}/`
$('#connect').requestSubmit()
