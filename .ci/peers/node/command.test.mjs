// "wsdriver connect" against npm's ws and against "wsdriver serve": lines through
// pipes, and the exit status.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { WebSocketServer } from 'ws'
import { run, serve, wsdriver } from './processes.mjs'

const connect = (args, input) => run(wsdriver, ['connect', ...args], input)

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

test('connect speaks every version to serve', async () => {
  const server = await serve()
  try {
    for (const version of ['hybi-13', 'hybi-8', 'hybi-7', 'hixie-76', 'hixie-75']) {
      const { out, err, status } = await connect(['-version', version, server.url], 'one\ntwo\n')
      assert.equal(out, 'one\ntwo\n', version + err)
      assert.equal(status, 0, version + err)
    }
  } finally {
    assert.equal(await server.stop(), 0)
  }
})
