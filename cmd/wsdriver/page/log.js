// The list of messages, with the latest at the end.
import { byteLength, bytes, hex, milliseconds, whole } from './words.js'
import * as viewer from './viewer.js'

const maxEntries = 200
const maxText = 400 // characters of a text in the list
const maxBytes = 48 // bytes of a binary message in the list
const maxKept = 64 << 20 // bytes of messages that can still be viewed

const list = document.querySelector('#log')
const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

let kept = [] // messages that can be viewed, oldest first: { size, button }
let keptSize = 0

// message adds a message. took is the time until its echo arrived, in milliseconds.
export function message(direction, data, took) {
	const stay = atEnd()
	const isText = typeof data === 'string'
	const size = byteLength(data)
	const about = `${isText ? 'text' : 'binary'}, ${size < 1000 ? bytes(size) : `${whole(size)} bytes`}`
	const entry = isText ? addText(direction, about, data) : add(direction, about, hex(data, maxBytes))
	if (took !== undefined) {
		entry.querySelector('.about').append(' · ', element('span', 'echo', `the echo, equal, after ${milliseconds(took)}`))
	}
	if (size > 0) addView(entry, about, data, size)
	if (stay) toEnd()
}

// note adds a line about the connection.
export function note(text) {
	const stay = atEnd()
	add('note', text)
	if (stay) toEnd()
}

export function clear() {
	list.replaceChildren()
	kept = []
	keptSize = 0
}

// The list keeps showing its end until the user scrolls up.
const atEnd = () => list.scrollTop + list.clientHeight >= list.scrollHeight - 8
const toEnd = () => { list.scrollTop = list.scrollHeight }

function add(direction, about, body) {
	const entry = element('li', direction)
	const arrow = element('span', 'arrow', { out: '→', in: '←', note: '•' }[direction])
	arrow.setAttribute('aria-hidden', 'true')
	const verb = { out: 'sent ', in: 'received ', note: '' }[direction]
	entry.append(arrow, element('span', 'about', `${time.format()} · ${verb}${about}`))
	if (body) entry.append(element('pre', 'body', body))
	list.append(entry)
	while (list.childElementCount > maxEntries) list.firstElementChild.remove()
	return entry
}

// addText adds only the beginning of a long text.
function addText(direction, about, text) {
	if (text.length <= maxText) return add(direction, about, text)
	const shown = text.slice(0, maxText).toWellFormed() // the end may be within a character
	return add(direction, `${about}, the first ${maxText} of ${whole(text.length)} characters`, `${shown}…`)
}

// addView adds the button that shows the whole message. The oldest messages lose
// theirs when all together are too large to be kept.
function addView(entry, about, data, size) {
	const button = element('button', 'view', 'View')
	button.type = 'button'
	button.setAttribute('aria-label', `View the whole message: ${about}`)
	button.addEventListener('click', () => viewer.show(about, data))
	entry.querySelector('.about').after(button)
	kept.push({ size, button })
	keptSize += size
	while (kept.length > maxEntries || keptSize > maxKept && kept.length > 1) {
		const oldest = kept.shift()
		keptSize -= oldest.size
		oldest.button.remove()
	}
}

function element(name, className, text = '') {
	const e = document.createElement(name)
	e.className = className
	e.textContent = text
	return e
}
