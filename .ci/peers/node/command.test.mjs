// The command against npm's ws, as server and as client, and against the bytes
// of a hixie-76 client. WSDRIVER names the command.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, test } from 'node:test'
import WebSocket, { WebSocketServer } from 'ws'

const command = process.env.WSDRIVER
assert.ok(command, 'WSDRIVER names no command')

let serve, url, port

before(async () => {
  serve = spawn(command, ['serve', '-addr', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  for await (const chunk of serve.stdout) {
    out += chunk
    const found = out.match(/ws:\/\/[^\s]+:(\d+)\//)
    if (found) {
      url = found[0]
      port = Number(found[1])
      break
    }
  }
  assert.ok(url, `serve printed no URL: ${out}`)
})

after(async () => {
  if (serve.exitCode !== null) return
  serve.kill('SIGTERM')
  const [code] = await once(serve, 'exit')
  assert.equal(code, 0, 'exit status of serve after SIGTERM')
})

async function open(...args) {
  const socket = new WebSocket(url + 'any/path?x=1', ...args)
  await once(socket, 'open')
  return socket
}

async function echo(socket, data, options) {
  const reply = once(socket, 'message')
  socket.send(data, options)
  const [message, binary] = await reply
  return binary ? message : message.toString()
}

test('text, with characters outside the BMP', async () => {
  const socket = await open({ perMessageDeflate: false })
  for (const text of ['', 'hello', 'grüße, κόσμε, 世界, 😀', 'x'.repeat(125), 'x'.repeat(126), 'é'.repeat(70000)]) {
    assert.equal(await echo(socket, text), text)
  }
  socket.close(1000, 'done')
  const [code, reason] = await once(socket, 'close')
  assert.deepEqual([code, reason.toString()], [1000, ''])
})

test('binary, up to 1 MiB', async () => {
  const socket = await open()
  for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
    const data = Buffer.alloc(size, size & 0xff)
    const reply = await echo(socket, data)
    assert.ok(data.equals(reply), `${size} bytes come back`)
  }
  socket.close()
  const [code] = await once(socket, 'close')
  assert.equal(code, 1005)
})

test('fragments with a ping between', async () => {
  const socket = await open({ perMessageDeflate: false })
  const pong = once(socket, 'pong')
  const reply = once(socket, 'message')
  socket.send('one ', { fin: false })
  socket.ping('between')
  socket.send('', { fin: false })
  socket.send('two', { fin: true })
  assert.equal((await pong)[0].toString(), 'between')
  assert.equal((await reply)[0].toString(), 'one two')
  socket.close(4999, 'own code')
  assert.equal((await once(socket, 'close'))[0], 4999)
})

test('10,000 messages, in order', async () => {
  const socket = await open()
  let next = 0
  const done = new Promise((resolve, reject) => {
    socket.on('message', message => {
      if (Number(message.toString()) !== next++) reject(new Error(`message ${message} is not ${next - 1}`))
      if (next === 10000) resolve()
    })
  })
  for (let i = 0; i < 10000; i++) socket.send(String(i))
  await done
  socket.terminate()
})

test('bytes glued to the handshake', async () => {
  const socket = net.connect(port, '127.0.0.1')
  const frame = Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69])
  socket.write(Buffer.concat([Buffer.from('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'), frame]))
  const got = await until(socket, all => all.includes('\x81\x02hi'))
  assert.match(got, /^HTTP\/1\.1 101 Switching Protocols\r\n/)
  assert.match(got, /s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/)
  socket.destroy()
})

test('a hixie-76 client: the vector of the draft, an echo, the closing handshake', async () => {
  const socket = net.connect(port, '127.0.0.1')
  socket.write('GET /demo HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n' +
    'Sec-WebSocket-Key2: 12998 5 Y3 1  .P00\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n' +
    'Origin: http://example.com\r\n\r\n')
  const head = await until(socket, all => all.includes('\r\n\r\n'))
  assert.match(head, /^HTTP\/1\.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n/)
  assert.match(head, /\r\nSec-WebSocket-Origin: http:\/\/example\.com\r\n/)
  assert.match(head, /\r\nSec-WebSocket-Location: ws:\/\/example\.com\/demo\r\n/)
  socket.write(Buffer.from('^n:ds[4U' + '\x00hello\xff', 'latin1'))
  const rest = await until(socket, all => all.endsWith('\xff'))
  assert.equal(rest, "8jKS'y:G*Co,Wxa-" + '\x00hello\xff')
  socket.write(Buffer.from([0xff, 0x00]))
  const last = await until(socket, () => false)
  assert.equal(last, '\xff\x00')
})

// until collects what comes from a socket until enough(all of it) or its end.
async function until(socket, enough) {
  let all = ''
  const ended = once(socket, 'end').then(() => null)
  for (;;) {
    const chunk = socket.read() ?? await Promise.race([once(socket, 'readable').then(() => socket.read()), ended])
    if (chunk === null && socket.readableEnded) return all
    if (chunk !== null) all += chunk.toString('latin1')
    if (enough(all)) return all
  }
}

// connect runs the client with lines as its standard input.
async function connect(args, input) {
  const child = spawn(command, ['connect', ...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.end(input)
  const read = async stream => {
    let all = ''
    for await (const chunk of stream) all += chunk
    return all
  }
  const [out, err, [status]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'exit')])
  return { out, err, status }
}

async function withServer(options, onConnection, f) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  await once(server, 'listening')
  server.on('connection', onConnection)
  try {
    await f(`ws://127.0.0.1:${server.address().port}/`)
  } finally {
    for (const client of server.clients) client.terminate()
    server.close()
  }
}

const echoBack = socket => socket.on('message', (data, binary) => socket.send(data, { binary }))

test('connect: lines through a pipe to an echo server', async () => {
  await withServer({}, echoBack, async to => {
    const { out, err, status } = await connect([to], 'hello\ngrüße 😀\n')
    assert.equal(out, 'hello\ngrüße 😀\n', err)
    assert.equal(status, 0, err)
  })
})

test('connect: header and subprotocol arrive', async () => {
  const seen = []
  const onConnection = (socket, request) => {
    seen.push(socket.protocol, request.headers['x-test'])
    echoBack(socket)
  }
  await withServer({ handleProtocols: () => 'chat' }, onConnection, async to => {
    const { status, err } = await connect(['-H', 'X-Test: yes', '-subprotocol', 'chat', to], 'x\n')
    assert.equal(status, 0, err)
    assert.deepEqual(seen, ['chat', 'yes'])
  })
})

test('connect: the server closes with a code of its own', async () => {
  await withServer({}, socket => socket.close(4001, 'go away'), async to => {
    const { status, err } = await connect([to], '')
    assert.equal(status, 3, err)
    assert.match(err, /4001/)
    assert.match(err, /go away/)
  })
})

test('connect: a refused handshake', async () => {
  await withServer({ verifyClient: (info, done) => done(false, 403, 'no') }, () => {}, async to => {
    const { status, err } = await connect([to], '')
    assert.equal(status, 1, err)
    assert.match(err, /403/)
  })
})

for (const version of ['hybi-13', 'hybi-8', 'hybi-7', 'hixie-76', 'hixie-75']) {
  test(`connect speaks ${version} to serve`, async () => {
    const { out, err, status } = await connect(['-version', version, url], 'one\ntwo\n')
    assert.equal(out, 'one\ntwo\n', err)
    assert.equal(status, 0, err)
  })
}
