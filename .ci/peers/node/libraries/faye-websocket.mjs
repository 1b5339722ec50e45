// npm's faye-websocket: websocket-driver behind the interface of browsers.
import { once } from 'node:events'
import http from 'node:http'
import WebSocket from 'faye-websocket'
import permessageDeflate from 'permessage-deflate'
import { Conn } from '../conn.mjs'
import { glue, greeting, play, refusal, refuse } from '../contract.mjs'

export const name = 'faye-websocket'

const options = deflate => deflate ? { extensions: [permessageDeflate.configure(deflate)] } : {}

export async function serve({ deflate } = {}) {
  const sockets = new Set()
  const server = http.createServer()
  server.on('upgrade', (request, socket, body) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (request.url === refusal.path) return refuse(socket)
    const opened = new WebSocket(request, socket, body, ['b'], options(deflate))
    opened.on('open', () => {
      if (request.url === greeting) glue(socket)
      play(wrap(opened, socket), request.url)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${server.address().port}`,
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

export async function connect(url, { protocols = [], deflate } = {}) {
  const socket = new WebSocket.Client(url, protocols, options(deflate))
  const conn = wrap(socket, socket._stream)
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', event => reject(new Error(socket.statusCode === 101 ? event.message : `refused with ${socket.statusCode}`)))
  })
  conn.protocol = socket.protocol
  return conn
}

function wrap(socket, stream) {
  const conn = new Conn({
    send: data => socket.send(data),
    ping: payload => socket.ping(payload, () => conn.put({ kind: 'pong', data: payload })),
    close: (code, reason) => socket.close(code, reason),
    cut: () => stream.destroy(),
  })
  socket.on('message', event => conn.putMessage(event.data))
  socket.on('close', event => conn.put({ kind: 'close', code: event.code, reason: event.reason }))
  return conn
}
