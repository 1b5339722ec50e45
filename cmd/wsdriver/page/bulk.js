// Bulk: many messages, each compared when it comes back. Message i of a run is
// made anew for the comparison, so a run needs no memory but for what is under
// way.
import { byteLength, bytes, equal, whole } from './words.js'

// What may be under way: enough to keep the connection busy.
const mostMessages = 2000
const mostBytes = 4 << 20

const $ = selector => document.querySelector(selector)
const phrase = 'The quick brown fox jumps over the lazy dog. '
const phrases = phrase + 'Grüße, κόσμε, 世界, 😀! '

// Run sends messages of a size and content through send. done gets a sentence
// and whether all came back equal.
export class Run {
	constructor(count, size, content, send, done) {
		Object.assign(this, { count, size, content, send, done })
		this.sent = this.came = this.wrong = this.total = this.underWay = 0
		this.began = performance.now()
	}

	// fill sends as much as may be under way.
	fill() {
		while (this.sent < this.count && this.sent - this.came < mostMessages && (this.underWay < mostBytes || this.sent === this.came)) {
			const data = this.make(this.sent++)
			this.underWay += byteLength(data)
			this.send(data)
		}
		$('#progress').value = this.came / this.count
	}

	// take takes the next message that has come.
	take(data) {
		const expected = this.make(this.came++)
		const size = byteLength(expected)
		this.underWay -= size
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

	// make returns message i. Mixed ones are of all sizes, short ones more often.
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

// text begins with the number i and has about size bytes; of ASCII, exactly.
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
