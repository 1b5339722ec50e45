// The scenario client fails where it should: against servers that do something
// wrong in one place.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocketServer } from 'ws'
import { client, run } from './processes.mjs'

// echo changes what ws does with a message.
const echo = change => socket => socket.on('message', (data, binary) => change(socket, data, binary))

// Each row: the step, what its error says, options of ws, and what the server does.
const table = [
  ['text', /Binary of 5 bytes came, expected Text of 5/, {}, echo((s, data) => s.send(data, { binary: true }))],
  ['binary', /differ from byte 0 on/, {}, echo((s, data) => s.send(data.map(b => b ^ 1), { binary: true }))],
  ['large', /differ from byte 1048575 on/, {}, echo((s, data, binary) => s.send(data.subarray(0, -1), { binary }))],
  ['fragments-in', /expected at least one for each/, {}, s => {
    s.ping()
    s.send('grüße 😀')
    s.send(Buffer.from(Array.from({ length: 256 }, (_, i) => i)))
  }],
  ['fragments-in', /no ping/, {}, s => {
    s.send('grüße ', { fin: false })
    s.send('😀', { fin: true })
    s.send(Buffer.from(Array.from({ length: 256 }, (_, i) => i)))
  }],
  ['ping', /differ from byte 5 on/, { autoPong: false }, s => s.on('ping', () => s.pong('ping 7'))],
  ['ping-in', /differ from byte 4 on/, {}, s => s.send('pong')],
  ['subprotocol', /picked "a", expected "b"/, { handleProtocols: () => 'a' }, () => {}],
  ['greet', /differ from byte 1 on/, {}, s => s.send('howdy')],
  ['refuse', /the handshake succeeded/, {}, () => {}],
  ['refuse', /status 404/, { verifyClient: (_, done) => done(false, 404, 'no entry') }, () => {}],
  ['refuse-body', /body "nobody home"/, { verifyClient: (_, done) => done(false, 403, 'nobody home') }, () => {}],
  ['close-client', /expected \[4000 "see you"/, {}, s => s.close(1008)],
  ['close-client-no-code', /expected \[1005 ""/, {}, s => s.close(1008)],
  ['close-then-messages', /differ from byte 9 on/, {}, echo((s, data) => data.toString() !== 'message 50' && s.send(data.toString()))],
  ['close-server', /expected \[4001 "bye"/, {}, s => s.close(4002, 'bye')],
  ['close-server', /unexpected EOF/, {}, s => s.terminate()],
  ['close-server-no-code', /closed with 1000/, {}, s => s.close(1000)],
  ['cut-server', /closed with 1000/, {}, s => s.close(1000)],
  ['traffic', /message 0/, {}, echo((s, data) => s.send(`${data}!`))],
]

for (const [step, error, options, onConnection] of table) {
  test(`${step}: ${error.source}`, { timeout: 60000 }, async () => {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
    await once(server, 'listening')
    server.on('connection', socket => {
      socket.on('error', () => {})
      onConnection(socket)
    })
    try {
      const { out, err, status } = await run(client, ['-url', `ws://127.0.0.1:${server.address().port}`, '-only', step])
      assert.equal(status, 1, out)
      assert.match(err, new RegExp(`^client: ${step}: `))
      assert.match(err, error)
    } finally {
      for (const socket of server.clients) socket.terminate()
      server.close()
    }
  })
}

test('what is agreed on', { timeout: 60000 }, async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { clientNoContextTakeover: true } })
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${server.address().port}`
  const { status, err } = await run(client, ['-url', url, '-only', 'text', '-deflate', '', '-agreed', 'permessage-deflate'])
  server.close()
  for (const socket of server.clients) socket.terminate()
  assert.equal(status, 1)
  assert.match(err, /agreed on "permessage-deflate; client_no_context_takeover", expected "permessage-deflate"/)
})
