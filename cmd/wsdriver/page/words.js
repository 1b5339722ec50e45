// Numbers, bytes and codes for people.

const plain = new Intl.NumberFormat('en')
const encoder = new TextEncoder()

export const whole = n => plain.format(Math.round(n))

// byteLength returns the length of the payload of a message.
export const byteLength = data => typeof data === 'string' ? encoder.encode(data).length : data.byteLength

export function bytes(n) {
	if (n < 1000) return `${whole(n)} B`
	let unit = ''
	for (unit of ['kB', 'MB', 'GB', 'TB']) {
		n /= 1000
		if (n < 999.5) break
	}
	return `${n.toPrecision(3)} ${unit}`
}

export function milliseconds(ms) {
	if (ms < 9.995) return `${ms.toFixed(2)} ms`
	if (ms < 999.5) return `${ms.toPrecision(3)} ms`
	return `${(ms / 1000).toPrecision(3)} s`
}

export const percent = share => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`

const closeCodes = {
	1000: 'normal closure', 1001: 'going away', 1002: 'protocol error', 1003: 'unsupported data', 1005: 'no status received',
	1006: 'abnormal closure', 1007: 'invalid payload data', 1008: 'policy violation', 1009: 'message too big',
	1010: 'extension missing', 1011: 'internal error', 1012: 'service restart', 1013: 'try again later', 1014: 'bad gateway',
	1015: 'TLS handshake',
}

export function closing(code, reason) {
	const name = closeCodes[code] ? `${code}, ${closeCodes[code]}` : `${code}`
	return reason ? `${name}: ${reason}` : name
}

// hex returns at most max bytes of a buffer in hexadecimal, in groups of four bytes.
export function hex(buffer, max) {
	const digits = Array.from(new Uint8Array(buffer, 0, Math.min(max, buffer.byteLength)), b => b.toString(16).padStart(2, '0'))
	const groups = digits.join('').replace(/.{8}(?=.)/g, '$& ')
	return buffer.byteLength > max ? `${groups} …` : groups
}

// dump returns a buffer in hexadecimal, with 16 bytes in a line.
export function dump(buffer) {
	const lines = []
	for (let i = 0; i < buffer.byteLength; i += 16) lines.push(hex(buffer.slice(i, i + 16), 16))
	return lines.join('\n')
}

// equal reports whether two messages are equal. A text is never equal to bytes.
export function equal(a, b) {
	if (typeof a === 'string' || typeof b === 'string') return a === b
	const [x, y] = [new Uint8Array(a), new Uint8Array(b)]
	return x.length === y.length && x.every((byte, i) => byte === y[i])
}
