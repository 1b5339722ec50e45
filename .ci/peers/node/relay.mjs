// A relay stands between one client and a server on TCP and sees what passes: the
// heads of the handshake and the frames of hybi. So a test can look at what was
// on the wire, whatever the libraries show of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 }

// relay returns a Relay to the server at a URL, which takes one connection. With
// glue the server's answer to the handshake is held back until a frame has come
// behind it, and both are written as one.
export async function relay(to, { glue = false } = {}) {
  const r = new Relay(new URL(to), glue)
  r.server.listen(0, '127.0.0.1')
  await once(r.server, 'listening')
  r.url = `ws://127.0.0.1:${r.server.address().port}`
  return r
}

class Relay {
  heads = {} // of the client and of the server
  log = [] // frames and the ends of TCP: { from, opcode, fin, rsv1, length, payload } and { from, end: true }
  #held = null // what to do once release is called
  #wake = () => {}

  constructor(to, glue) {
    this.server = net.createServer({ allowHalfOpen: true }, client => {
      this.server.close()
      const server = net.connect({ port: to.port, host: to.hostname, allowHalfOpen: true })
      this.sockets = [client, server]
      this.#forward('client', client, server, false)
      this.#forward('server', server, client, glue)
    })
  }

  #forward(from, source, target, glue) {
    const reader = new Reader()
    let held = []
    const pass = (f) => this.#held ? this.#held.push(f) : f()
    source.on('data', chunk => {
      const frames = reader.read(chunk)
      this.heads[from] ??= reader.head
      this.log.push(...frames.map(frame => ({ from, ...frame })))
      held.push(chunk)
      if (!glue || frames.length > 0) {
        const all = Buffer.concat(held)
        glue = false
        held = []
        pass(() => target.write(all))
      }
      this.#wake()
    })
    source.on('end', () => {
      this.log.push({ from, end: true })
      pass(() => target.end(Buffer.concat(held)))
      this.#wake()
    })
    source.on('error', () => target.destroy())
    source.on('close', () => target.destroySoon())
  }

  // hold keeps back all that comes until release.
  hold() {
    this.#held = []
  }

  release() {
    const held = this.#held
    this.#held = null
    for (const f of held) f()
  }

  // seen returns the first in the log that is as wanted, and waits for it.
  async seen(wanted) {
    for (;;) {
      const found = this.log.find(wanted)
      if (found) return found
      await new Promise(resolve => { this.#wake = resolve })
    }
  }

  // frame is seen for a frame of a kind.
  frame(from, kind) {
    return this.seen(entry => entry.from === from && entry.opcode === opcodes[kind])
  }

  // counts tells of how many messages from one side the first frame had RSV1 (RFC
  // 7692, section 6), and of how many it had not.
  counts(from) {
    const first = this.log.filter(f => f.from === from && (f.opcode === opcodes.text || f.opcode === opcodes.binary))
    const compressed = first.filter(f => f.rsv1).length
    return { compressed, plain: first.length - compressed }
  }

  // extensions is what the server has agreed to.
  get extensions() {
    return this.heads.server.match(/^sec-websocket-extensions: *(.*?) *$/im)?.[1] ?? ''
  }

  // cut ends both connections.
  cut() {
    for (const socket of this.sockets ?? []) socket.destroy()
    this.server.close()
  }
}

// Reader finds the frames behind the head of a handshake (RFC 6455, section 5.2).
class Reader {
  head = undefined
  #rest = Buffer.alloc(0) // bytes that are not a whole header, or control frame, yet
  #skip = 0 // bytes of payload to come

  // read returns the frames that begin in a chunk; control frames when they are
  // whole, with their payload.
  read(chunk) {
    const skipped = Math.min(this.#skip, chunk.length)
    this.#skip -= skipped
    let data = Buffer.concat([this.#rest, chunk.subarray(skipped)])
    if (this.head === undefined) {
      const end = data.indexOf('\r\n\r\n')
      if (end >= 0) {
        this.head = data.toString('latin1', 0, end + 2)
        data = data.subarray(end + 4)
      }
    }
    const frames = []
    while (this.head !== undefined && data.length > 0) {
      const frame = parse(data)
      if (!frame) break
      const { size, ...rest } = frame
      frames.push(rest)
      this.#skip = Math.max(0, size - data.length)
      data = data.subarray(size)
    }
    this.#rest = data
    return frames
  }
}

// parse returns the frame at the beginning of data, and its size on the wire, or
// undefined if too little of it has come.
function parse(data) {
  if (data.length < 2) return
  const [first, second] = data
  let length = second & 0x7f
  let size = 2
  if (length >= 126) {
    size = length === 126 ? 4 : 10
    if (data.length < size) return
    length = length === 126 ? data.readUInt16BE(2) : Number(data.readBigUInt64BE(2))
  }
  const key = second & 0x80 ? data.subarray(size, size + 4) : undefined
  size += (key ? 4 : 0)
  const frame = { opcode: first & 0x0f, fin: (first & 0x80) !== 0, rsv1: (first & 0x40) !== 0, length, size: size + length }
  if (frame.opcode < opcodes.close) return data.length < size ? undefined : frame
  if (data.length < frame.size) return
  frame.payload = Buffer.from(data.subarray(size, frame.size))
  if (key) frame.payload.forEach((_, i) => { frame.payload[i] ^= key[i % 4] })
  return frame
}

// closeFrame is what stands in the payload of a close frame.
export function closeFrame({ opcode, payload }) {
  assert.equal(opcode, opcodes.close)
  return payload.length < 2 ? {} : { code: payload.readUInt16BE(0), reason: payload.toString('utf8', 2) }
}
