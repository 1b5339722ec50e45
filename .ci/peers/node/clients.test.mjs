// The libraries as clients of "wsdriver serve". What is on the wire is seen by a
// relay between the two.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as faye from './libraries/faye-websocket.mjs'
import * as nodejs from './libraries/nodejs-websocket.mjs'
import * as driver from './libraries/websocket-driver.mjs'
import * as websocket from './libraries/websocket.mjs'
import * as ws from './libraries/ws.mjs'
import { serve } from './processes.mjs'
import { closeFrame, relay } from './relay.mjs'
import { exchange, same } from './traffic.mjs'

const closesWith1000 = 'close() without a code sends 1000'
const noFragments = 'it has no way to send a message in several frames'

// In each row: what the client cannot do, and why. None of them speaks hybi-7 or
// hixie as a client.
const table = [
  { library: ws, lacks: {} },
  { library: ws, version: 8, lacks: {} },
  { library: websocket, lacks: { 'close-client-no-code': closesWith1000 } },
  { library: websocket, version: 8, lacks: { 'close-client-no-code': closesWith1000 } },
  {
    library: driver,
    lacks: {
      'fragments of text': noFragments,
      'fragments of bytes': noFragments,
      'close-client-no-code': closesWith1000,
    },
  },
  {
    library: faye,
    lacks: {
      'fragments of text': noFragments,
      'fragments of bytes': noFragments,
      'close-client-no-code': closesWith1000,
    },
  },
  { library: nodejs, lacks: { 'fragments of text': 'it can do that with bytes only' } },
]

// context is what a step works with.
class Context {
  #ends = []

  constructor(row) {
    this.row = row
  }

  async serve(...flags) {
    const server = await serve(...flags)
    this.#ends.push(() => server.stop())
    return server
  }

  // connect connects to server through a relay.
  async connect(server, options, path = '/any/path?x=1') {
    this.wire = await relay(server.url, options)
    const { wire } = this
    this.#ends.push(() => wire.cut())
    return this.row.library.connect(wire.url + path, { version: this.row.version, ...options })
  }

  async end() {
    for (const end of this.#ends.reverse()) await end()
  }
}

const lengths = [0, 1, 124, 125, 126, 127, 128, 4096, 65535, 65536, 65537]

const steps = {
  async text(c) {
    const conn = await c.connect(await c.serve())
    const texts = ['hello', 'grüße, κόσμε, 世界', '😀', '\u0000\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}']
    for (const n of lengths) texts.push('x'.repeat(n), '😀'.repeat(n / 4))
    for (const text of texts) {
      conn.send(text)
      same(await conn.message(), text, () => 'echo')
    }
  },

  async binary(c) {
    const conn = await c.connect(await c.serve())
    for (const n of lengths) await echo(conn, bytes(n))
  },

  async large(c) {
    const conn = await c.connect(await c.serve())
    await echo(conn, 'é😀xy'.repeat(1 << 17))
    await echo(conn, bytes(1 << 20))
  },

  async 'fragments of text'(c) {
    const conn = await c.connect(await c.serve())
    const parts = [Buffer.from('one '), Buffer.from('gr\xc3', 'latin1'), Buffer.from('\xbc\xc3\x9fe ', 'latin1'), Buffer.alloc(0), Buffer.from('😀')]
    conn.sendParts('text', parts, () => conn.ping('between'))
    assert.deepEqual(await conn.next(), { kind: 'pong', data: 'between' })
    same(await conn.message(), 'one grüße 😀', () => 'echo')
  },

  async 'fragments of bytes'(c) {
    const conn = await c.connect(await c.serve())
    const parts = [bytes(1), bytes(70000), bytes(256)]
    conn.sendParts('binary', parts, () => conn.ping('between'))
    assert.deepEqual(await conn.next(), { kind: 'pong', data: 'between' })
    same(await conn.message(), Buffer.concat(parts), () => 'echo')
  },

  async 'many messages, in order'(c) {
    const conn = await c.connect(await c.serve())
    await exchange(conn, 3000, 1)
  },

  async 'ping'(c) {
    const conn = await c.connect(await c.serve())
    for (const payload of ['p', 'grüße', 'x'.repeat(125)]) {
      conn.ping(payload)
      assert.equal((await conn.until('pong')).data, payload)
    }
  },

  // The server's ping comes in one piece with its handshake.
  async 'ping-in, glued to the handshake'(c) {
    const conn = await c.connect(await c.serve('-ping', '3s'), { glue: true })
    await c.wire.frame('server', 'ping')
    await c.wire.frame('client', 'pong')
    await echo(conn, 'still there')
  },

  async subprotocol(c) {
    const server = await c.serve('-subprotocol', 'b,c')
    assert.equal((await c.connect(server, { protocols: ['a', 'b'] })).protocol, 'b')
    assert.equal((await c.connect(server)).protocol, '')
  },

  // The server does not speak the version.
  async refused(c) {
    const other = c.row.version === 8 ? '13' : '8'
    await assert.rejects(c.connect(await c.serve('-versions', other)))
    assert.match(c.wire.heads.server, /^HTTP\/1\.1 426 Upgrade Required\r\n/)
    assert.match(c.wire.heads.server, new RegExp(`^Sec-WebSocket-Version: ${other}\r$`, 'm'))
  },

  async 'close-client'(c) {
    const server = await c.serve()
    const conn = await c.connect(server)
    conn.close(4000, 'see you')
    assert.equal((await conn.until('close')).code, 4000)
    assert.deepEqual(closeFrame(await c.wire.frame('client', 'close')), { code: 4000, reason: 'see you' })
    assert.equal(closeFrame(await c.wire.frame('server', 'close')).code, 4000)
    await c.wire.seen(entry => entry.from === 'server' && entry.end)
    assert.equal(await server.stop(), 0)
  },

  async 'close-client-no-code'(c) {
    const conn = await c.connect(await c.serve())
    conn.close()
    await conn.until('close')
    assert.deepEqual(closeFrame(await c.wire.frame('client', 'close')), {})
    assert.deepEqual(closeFrame(await c.wire.frame('server', 'close')), {})
    await c.wire.seen(entry => entry.from === 'server' && entry.end)
  },

  async 'close-then-messages'(c) {
    const conn = await c.connect(await c.serve())
    for (let i = 0; i < 100; i++) conn.send(`message ${i}`)
    conn.close(1000, '')
    await c.wire.frame('server', 'close')
    const kinds = c.wire.log.filter(f => f.from === 'server' && !f.end).map(f => f.opcode)
    assert.deepEqual(kinds, [...Array(100).fill(1), 8])
  },

  async 'close-server'(c) {
    const server = await c.serve()
    const conn = await c.connect(server)
    await echo(conn, 'there')
    const stopped = server.stop()
    const { code, reason } = await conn.until('close')
    assert.deepEqual({ code, reason }, { code: 1001, reason: 'the server is shutting down' })
    await c.wire.frame('client', 'close')
    assert.equal(await stopped, 0)
  },

  // Both close frames are on their way when the first arrives.
  async 'close-both'(c) {
    const server = await c.serve()
    const conn = await c.connect(server)
    await echo(conn, 'there')
    c.wire.hold()
    conn.close(4002, 'me too')
    const stopped = server.stop()
    assert.equal(closeFrame(await c.wire.frame('client', 'close')).code, 4002)
    assert.equal(closeFrame(await c.wire.frame('server', 'close')).code, 1001)
    c.wire.release()
    await conn.until('close')
    assert.equal(await stopped, 0)
    assert.equal(c.wire.log.filter(f => f.opcode === 8).length, 2, 'close frames')
  },

  async 'cut-client'(c) {
    const server = await c.serve()
    const conn = await c.connect(server)
    await echo(conn, 'there')
    conn.cut()
    await echo(await c.connect(server), 'still there')
    c.wire.cut()
    assert.equal(await server.stop(), 0)
  },

  async 'cut-server'(c) {
    const conn = await c.connect(await c.serve())
    await echo(conn, 'there')
    c.wire.cut()
    assert.equal((await conn.until('close')).code, 1006)
  },
}

// bytes returns n bytes, among them all values.
function bytes(n) {
  return Buffer.from(Array.from({ length: n }, (_, i) => (i + (i >> 8)) & 0xff))
}

async function echo(conn, data) {
  const want = typeof data === 'string' ? data : Buffer.from(data) // some mask in place
  conn.send(data)
  same(await conn.message(), want, () => 'echo')
}

describe('clients', { concurrency: 4 }, () => {
  for (const row of table) {
    for (const step of Object.keys(row.lacks)) assert.ok(steps[step], `no step ${step}`)
    for (const [name, step] of Object.entries(steps)) {
      if (row.lacks[name]) continue
      test(`${row.library.name}${row.version ? ` ${row.version}` : ''}: ${name}`, { timeout: 120000 }, async () => {
        const c = new Context(row)
        try {
          await step(c)
        } finally {
          await c.end()
        }
      })
    }
  }
})
