// Round trips: small messages that the server sends back, their times, and the plot.
import { milliseconds, whole } from './words.js'

const kept = 1000 // number of times in the figures
const plotted = 150
const maxPending = 100

const $ = selector => document.querySelector(selector)
const rate = $('#rate')
const plot = $('#plot')

let send = null // sends a text; null while the connection is not open
let times = []
let trips = 0
let next = 0 // the number of the next message
let pending = new Map() // maps numbers to the times at which they were sent
let timer = 0
let drawing = false

// start starts to send with f.
export function start(f) {
	send = f
	times = []
	trips = 0
	pending = new Map()
	schedule()
	redraw()
}

export function stop() {
	send = null
	schedule()
}

// take handles a message and returns true if it is a round trip.
export function take(data, now) {
	const number = typeof data === 'string' && data.startsWith('round trip ') ? Number(data.slice(11)) : NaN
	const sent = pending.get(number)
	if (sent === undefined) return false
	pending.delete(number)
	trips++
	times.push(now - sent)
	if (times.length > kept) times.shift()
	redraw()
	return true
}

function schedule() {
	clearInterval(timer)
	if (send && Number(rate.value) > 0) timer = setInterval(trip, 1000 / Number(rate.value))
}

function trip() {
	if (pending.size >= maxPending) return // the server does not echo, or is slow
	pending.set(next, performance.now())
	send(`round trip ${next++}`)
}

function redraw() {
	if (drawing) return
	drawing = true
	requestAnimationFrame(() => {
		drawing = false
		figures()
		draw()
	})
}

function figures() {
	const sorted = times.toSorted((a, b) => a - b)
	const at = share => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]
	const show = (selector, ms) => { $(selector).textContent = ms === undefined ? '–' : milliseconds(ms) }
	show('#last', times.at(-1))
	show('#median', at(0.5))
	show('#p99', at(0.99))
	$('#trips').textContent = whole(trips)
	$('#plot').setAttribute('aria-label', times.length === 0 ? 'No round-trip times yet'
		: `The latest round-trip times: median ${milliseconds(at(0.5))}, p99 ${milliseconds(at(0.99))}`)
}

function draw() {
	const { clientWidth: width, clientHeight: height } = plot
	const shown = times.slice(-plotted)
	const top = ceiling(Math.max(0.1, ...shown))
	const [left, right, above, below] = [52, width - 6, 8, height - 8]
	const x = i => right - (shown.length - 1 - i) * (right - left) / (plotted - 1)
	const y = ms => below - (below - above) * ms / top
	plot.setAttribute('viewBox', `0 0 ${width} ${height}`)
	plot.querySelectorAll('.grid line').forEach((line, i) => place(line, left, right, y(top * i / 2)))
	plot.querySelectorAll('.labels text').forEach((text, i) => {
		text.setAttribute('x', left - 8)
		text.setAttribute('y', y(top * i / 2))
		text.textContent = i === 0 ? '0' : `${Number((top * i / 2).toPrecision(3))} ms`
	})
	const points = shown.map((ms, i) => `${x(i).toFixed(1)},${y(ms).toFixed(1)}`)
	plot.querySelector('.curve').setAttribute('points', points.join(' '))
	plot.querySelector('.area').setAttribute('points', points.length === 0 ? '' : `${x(0)},${below} ${points.join(' ')} ${right},${below}`)
	const empty = shown.length === 0
	const middle = empty ? 0 : shown.toSorted((a, b) => a - b)[Math.floor(shown.length / 2)]
	place(plot.querySelector('.middle'), left, right, y(middle))
	const newest = plot.querySelector('.newest')
	newest.setAttribute('cx', right)
	newest.setAttribute('cy', y(empty ? 0 : shown.at(-1)))
	for (const e of [newest, plot.querySelector('.middle')]) e.setAttribute('visibility', empty ? 'hidden' : 'visible')
}

function place(line, x1, x2, y) {
	for (const [name, value] of Object.entries({ x1, x2, y1: y, y2: y })) line.setAttribute(name, value)
}

// ceiling returns the smallest of 1, 2 and 5 times a power of ten that is at least v.
function ceiling(v) {
	const power = 10 ** Math.floor(Math.log10(v))
	return power * [1, 2, 5, 10].find(n => n * power >= v)
}

rate.addEventListener('change', schedule)
new ResizeObserver(redraw).observe(plot)
