// The connection, and messages that are sent by hand. The rest is in other modules:
// log.js, viewer.js, rtt.js, bulk.js, stats.js.
import { Run } from './bulk.js'
import * as log from './log.js'
import * as rtt from './rtt.js'
import * as stats from './stats.js'
import { closing, equal } from './words.js'

const $ = selector => document.querySelector(selector)
const maxWaiting = 1000

let socket = null
let wasOpen = false // the connection, or the last one
let asked = false // to close it, by the user
let run = null // the bulk run in progress
let waiting = [] // messages sent by hand whose echo may arrive: { data, sent }

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
	wasOpen = asked = false
	for (const id of ['version', 'subprotocol', 'extensions', 'closed']) fact(id, '–')
	$('#state').dataset.end = ''
	show('connecting')
}

function opened() {
	wasOpen = true
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
	rtt.stop()
	stats.stop()
	run?.end()
	waiting = []
	if (wasOpen) {
		const how = closing(event.code, event.reason)
		fact('closed', how)
		log.note(`closed with ${how}`)
	} else { // the code is 1006 whatever happened
		fact('closed', 'not connected')
		log.note('not connected; browsers do not tell a page why')
	}
	const expected = asked || [1000, 1001, 1005].includes(event.code)
	$('#state').dataset.end = expected && event.wasClean || asked && !wasOpen ? '' : 'bad'
	show('closed')
}

// send sends a message, unless the connection is closing: browsers log a warning
// then.
function send(data) {
	if (socket?.readyState !== WebSocket.OPEN) return
	socket.send(data)
	stats.changed()
}

// sendByHand sends a message and adds it to the list.
function sendByHand(data) {
	if (socket?.readyState !== WebSocket.OPEN) return // it may have closed while a file was read
	log.message('out', data)
	if (waiting.length === maxWaiting) waiting.shift()
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
	$('#result').textContent = 'In progress.'
	delete $('#result').dataset.state
	show('open')
	run.fill()
}

// show sets the state, and enables the controls that work in it.
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

// on calls f when a form is submitted, and shows the errors of f.
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
	const [code, reason] = [Number($('#code').value), $('#reason').value]
	socket.close(code, reason)
	asked = true
	log.note(wasOpen ? `closing with ${closing(code, reason)}` : 'connecting was stopped')
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
	if (!event.dataTransfer.types.includes('Files')) return // a text is inserted where it is dropped
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
