// Messages of mixed sizes: about half of them short, a few long, a tenth
// incompressible.
import assert from 'node:assert/strict'

const words = ['the ', 'quick ', 'brown ', 'fox ', 'grüße ', 'κόσμε ', '世界 ', '😀 ', '{"user":', '"name":"', '","id":', '},']

// messages returns a function that makes them, the same ones for the same seed.
export function messages(seed) {
  const random = n => Math.floor(next() * n)
  const next = mulberry32(seed)
  return () => {
    const kind = random(1000)
    const size = kind < 5 ? random(70000) : kind < 50 ? random(8192) : kind < 450 ? random(1024) : random(128)
    if (random(10) === 0) return Buffer.from(Array.from({ length: size }, () => random(256)))
    const parts = []
    for (let length = 0; length < size;) {
      const part = random(4) === 0 ? `${random(100000)} ` : words[random(words.length)]
      parts.push(part)
      length += part.length
    }
    return parts.join('')
  }
}

// mulberry32 is a generator of pseudorandom numbers from 0 up to 1.
function mulberry32(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

// exchange sends count messages over conn and compares what comes back.
export async function exchange(conn, count, seed) {
  const next = messages(seed)
  const again = messages(seed)
  for (let i = 0; i < count; i++) conn.send(next())
  for (let i = 0; i < count; i++) {
    same(await conn.message(), again(), () => `message ${i}, seed ${seed}`)
  }
}

// same compares messages: kind and contents.
export function same(got, want, what) {
  if (typeof got === typeof want && (typeof got === 'string' ? got === want : want.equals(got))) return
  const show = data => `${typeof data === 'string' ? 'text' : 'binary'} of ${data.length}: ${JSON.stringify(data.toString('latin1')).slice(0, 100)}`
  assert.fail(`${what()}: ${show(got)}; expected ${show(want)}`)
}
