// npm's ws.
import { once } from 'node:events'
import WebSocket, { WebSocketServer } from 'ws'
import { Conn } from '../conn.mjs'
import { glue, greeting, pick, play, refusal } from '../contract.mjs'

export const name = 'ws'

export async function serve({ deflate = false } = {}) {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: deflate,
    handleProtocols: offered => pick([...offered]) ?? false,
    verifyClient: ({ req }, done) => done(req.url !== refusal.path, refusal.status, refusal.body),
  })
  server.on('headers', (_, request) => {
    if (request.url === greeting) glue(request.socket)
  })
  server.on('connection', (socket, request) => play(wrap(socket), request.url))
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    stop() {
      for (const client of server.clients) client.terminate()
      server.close()
    },
  }
}

export async function connect(url, { protocols = [], version = 13, deflate = false } = {}) {
  const socket = new WebSocket(url, protocols, { protocolVersion: version, perMessageDeflate: deflate })
  const conn = wrap(socket)
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      reject(new Error(`refused with ${response.statusCode}`))
    })
    socket.on('error', reject)
  })
  conn.protocol = socket.protocol
  return conn
}

function wrap(socket) {
  const conn = new Conn({
    send: data => socket.send(data),
    sendParts(kind, parts, between) {
      parts.forEach((part, i) => {
        socket.send(part, { binary: kind === 'binary', fin: i === parts.length - 1 })
        if (i === 0) between()
      })
    },
    ping: payload => socket.ping(payload),
    close: (code, reason) => socket.close(code, reason),
    cut: () => socket.terminate(),
  })
  socket.on('message', (data, binary) => conn.putMessage(binary ? data : data.toString()))
  socket.on('ping', data => conn.put({ kind: 'ping', data: data.toString() }))
  socket.on('pong', data => conn.put({ kind: 'pong', data: data.toString() }))
  socket.on('close', (code, reason) => conn.put({ kind: 'close', code, reason: reason.toString() }))
  socket.on('error', () => {}) // the close event follows
  return conn
}
