// What no library can send: the first messages in the same write as the request,
// in every version, byte by byte.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { serve } from './processes.mjs'

// get is a request with fields.
const get = fields => ['GET /demo HTTP/1.1', 'Host: example.com', ...fields, '', ''].join('\r\n')

// Of RFC 6455, section 1.3: a key and its answer.
const hybi = version => get(['Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  `Sec-WebSocket-Version: ${version}`])
const accept = /^HTTP\/1\.1 101 Switching Protocols\r\n(?:.+\r\n)*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/

// Two texts, "hi" and "ho", and a close frame: masked with zeros, and the answer.
const hybiFrames = {
  send: '\x81\x82\0\0\0\0hi\x81\x82\0\0\0\0ho\x88\x82\0\0\0\0\x03\xe8',
  answer: '\x81\x02hi\x81\x02ho\x88\x02\x03\xe8',
}

const table = {
  'hybi-13': { request: hybi(13), head: accept, ...hybiFrames },
  'hybi-8': { request: hybi(8), head: accept, ...hybiFrames },
  'hybi-7': { request: hybi(7), head: accept, ...hybiFrames },

  // The example of the draft, section 1.2.
  'hixie-76': {
    request: get(['Connection: Upgrade', 'Sec-WebSocket-Key2: 12998 5 Y3 1  .P00', 'Upgrade: WebSocket',
      'Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5', 'Origin: http://example.com']),
    head: new RegExp('^HTTP/1\\.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Origin: http://example\\.com\r\nSec-WebSocket-Location: ws://example\\.com/demo\r\n'),
    send: '^n:ds[4U' + '\x00hi\xff\x00ho\xff' + '\xff\x00',
    answer: "8jKS'y:G*Co,Wxa-" + '\x00hi\xff\x00ho\xff' + '\xff\x00',
  },
  'hixie-75': {
    request: get(['Upgrade: WebSocket', 'Connection: Upgrade', 'Origin: http://example.com']),
    head: new RegExp('^HTTP/1\\.1 101 Web Socket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n' +
      'WebSocket-Origin: http://example\\.com\r\nWebSocket-Location: ws://example\\.com/demo\r\n'),
    send: '\x00hi\xff\x00ho\xff',
    answer: '\x00hi\xff\x00ho\xff',
  },
}

// exchange writes in one go, ends its side of TCP, and returns all that comes.
async function exchange(port, data) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  await once(socket, 'connect')
  socket.end(Buffer.from(data, 'latin1'))
  let all = ''
  for await (const chunk of socket.setEncoding('latin1')) all += chunk
  return all
}

for (const [version, { request, head, send, answer }] of Object.entries(table)) {
  test(`${version}: messages and the close glued to the request`, async () => {
    const server = await serve()
    try {
      const all = await exchange(server.port, request + send)
      const end = all.indexOf('\r\n\r\n') + 4
      assert.match(all.slice(0, end), head)
      assert.equal(JSON.stringify(all.slice(end)), JSON.stringify(answer))
    } finally {
      assert.equal(await server.stop(), 0)
    }
  })
}

test('a plain request gets the page', async () => {
  const server = await serve()
  try {
    const response = await fetch(server.url.replace('ws:', 'http:'))
    assert.equal(response.status, 200)
    assert.match(await response.text(), /wsdriver/)
  } finally {
    assert.equal(await server.stop(), 0)
  }
})
