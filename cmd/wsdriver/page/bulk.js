// Bulk: many messages, each compared with its echo. Message i of a run is made again
// for the comparison, so a run needs memory only for messages in flight.
import { byteLength, bytes, equal, whole } from './words.js'

// The limits of what is in flight: enough to keep the connection busy.
const maxMessages = 2000
const maxBytes = 4 << 20

const $ = selector => document.querySelector(selector)
const phrase = 'The quick brown fox jumps over the lazy dog. '
const phrases = phrase + 'Grüße, κόσμε, 世界, 😀! '

// Run sends messages of a size and content with send. It calls done with a sentence
// and with whether all came back equal.
export class Run {
	constructor(count, size, content, send, done) {
		Object.assign(this, { count, size, content, send, done })
		this.sent = this.came = this.wrong = this.total = this.inFlight = 0
		this.began = performance.now()
	}

	// fill sends as many messages as may be in flight.
	fill() {
		while (this.sent < this.count && this.sent - this.came < maxMessages && (this.inFlight < maxBytes || this.sent === this.came)) {
			const data = this.make(this.sent++)
			this.inFlight += byteLength(data)
			this.send(data)
		}
		$('#progress').value = this.came / this.count
	}

	// take handles the next message that arrives.
	take(data) {
		const expected = this.make(this.came++)
		const size = byteLength(expected)
		this.inFlight -= size
		this.total += size
		if (!equal(data, expected)) this.wrong++
		this.fill()
		if (this.came === this.count) this.end()
	}

	end() {
		const seconds = Math.max(performance.now() - this.began, 0.1) / 1000
		const all = this.came === this.count
		const verdict = this.wrong > 0 ? `${whole(this.wrong)} differ` : 'all equal'
		this.done(`${all ? '' : 'Ended early: '}${whole(this.came)} of ${whole(this.count)} came back, ${verdict}. ` +
			`${seconds.toFixed(2)} s, ${whole(this.came / seconds)} messages/s, ${bytes(this.total / seconds)}/s each way.`,
			all && this.wrong === 0)
	}

	// make returns message i. Mixed ones have all sizes, small ones more often.
	make(i) {
		const random = xorshift(i + 1)
		switch (this.content) {
		case 'text':
			return text(i, phrase, this.size)
		case 'random':
			return noise(random, this.size)
		}
		const size = Math.floor(this.size * (random() / 2 ** 32) ** 3)
		return i % 3 === 0 ? noise(random, size) : text(i, phrases, size)
	}
}

// text returns a text that begins with the number i. It has about size bytes, exactly
// if it is ASCII.
function text(i, phrase, size) {
	const s = `${i} `.padEnd(size, phrase).slice(0, size)
	return s.toWellFormed()
}

function noise(random, size) {
	const words = new Uint32Array(Math.ceil(size / 4))
	for (let i = 0; i < words.length; i++) words[i] = random()
	return new Uint8Array(words.buffer, 0, size)
}

// xorshift returns a generator of numbers from 1 to 2^32-1.
function xorshift(seed) {
	let x = Math.imul(seed, 0x9e3779b1) || 1
	return () => {
		x ^= x << 13
		x ^= x >>> 17
		x ^= x << 5
		return x >>> 0
	}
}
