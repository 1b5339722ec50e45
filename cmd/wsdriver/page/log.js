// The list of messages, the latest of them at its end.
import { byteLength, bytes, hex, milliseconds, whole } from './words.js'

const mostEntries = 200
const mostText = 400 // characters shown of a text
const mostBytes = 48 // bytes shown of a binary message

const list = document.querySelector('#log')
const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

// message adds a message. took is the time that an echo took, in milliseconds.
export function message(direction, data, took) {
	const isText = typeof data === 'string'
	const size = byteLength(data)
	const about = `${isText ? 'text' : 'binary'}, ${size < 1000 ? bytes(size) : `${whole(size)} bytes`}`
	const entry = isText ? addText(direction, about, data) : add(direction, about, hex(data, mostBytes))
	if (took !== undefined) {
		entry.querySelector('.about').append(' · ', element('span', 'echo', `the echo, equal, after ${milliseconds(took)}`))
	}
}

// note adds a line about the connection.
export const note = text => add('note', text)

export const clear = () => list.replaceChildren()

function add(direction, about, body) {
	const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8
	const entry = element('li', direction)
	const arrow = element('span', 'arrow', { out: '→', in: '←', note: '•' }[direction])
	arrow.setAttribute('aria-hidden', 'true')
	const who = { out: 'sent ', in: 'received ', note: '' }[direction]
	entry.append(arrow, element('span', 'about', `${time.format()} · ${who}${about}`))
	if (body) entry.append(element('pre', 'body', body))
	list.append(entry)
	while (list.childElementCount > mostEntries) list.firstElementChild.remove()
	if (atEnd) list.scrollTop = list.scrollHeight
	return entry
}

// addText shows no more than the beginning of a text.
function addText(direction, about, text) {
	if (text.length <= mostText) return add(direction, about, text)
	const shown = text.slice(0, mostText).toWellFormed() // the cut may go through a character
	return add(direction, `${about}, the first ${mostText} of ${whole(text.length)} characters`, `${shown}…`)
}

function element(name, className, text = '') {
	const e = document.createElement(name)
	e.className = className
	e.textContent = text
	return e
}
