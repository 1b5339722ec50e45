// npm's websocket (WebSocket-Node).
import { once } from 'node:events'
import http from 'node:http'
import websocket from 'websocket'
import { Conn } from '../conn.mjs'
import { glue, greeting, pick, play, refusal } from '../contract.mjs'

export const name = 'websocket'

// limits are its own and below 1 MiB otherwise.
const limits = { maxReceivedFrameSize: 4 << 20, maxReceivedMessageSize: 4 << 20 }

export async function serve() {
  const httpServer = http.createServer()
  const server = new websocket.server({ httpServer, ...limits })
  server.on('request', request => {
    if (request.resource === refusal.path) return request.reject(refusal.status)
    if (request.resource === greeting) glue(request.socket)
    play(wrap(request.accept(pick(request.requestedProtocols), request.origin)), request.resource)
  })
  httpServer.listen(0, '127.0.0.1')
  await once(httpServer, 'listening')
  return {
    url: `ws://127.0.0.1:${httpServer.address().port}`,
    stop() {
      for (const connection of [...server.connections]) connection.drop(1001, '', true)
      httpServer.close()
    },
  }
}

export async function connect(url, { protocols = [], version = 13 } = {}) {
  const client = new websocket.client({ webSocketVersion: version, ...limits })
  const conn = await new Promise((resolve, reject) => {
    client.on('connect', connection => resolve(wrap(connection)))
    client.on('connectFailed', reject)
    client.on('httpResponse', response => reject(new Error(`refused with ${response.statusCode}`)))
    client.connect(url, protocols)
  })
  return conn
}

const opcodes = { text: 1, binary: 2 }

function wrap(connection) {
  const conn = new Conn({
    protocol: connection.protocol ?? '',
    send: data => connection.send(data),
    sendParts(kind, parts, between) {
      parts.forEach((part, i) => {
        const frame = new websocket.frame(Buffer.alloc(4), Buffer.alloc(10), connection.config)
        frame.opcode = i === 0 ? opcodes[kind] : 0
        frame.fin = i === parts.length - 1
        frame.binaryPayload = part
        connection.sendFrame(frame)
        if (i === 0) between()
      })
    },
    ping: payload => connection.ping(payload),
    close: (code, reason) => connection.close(code, reason),
    cut: () => connection.drop(1006, '', true),
  })
  connection.on('message', m => conn.putMessage(m.type === 'utf8' ? m.utf8Data : m.binaryData))
  connection.on('ping', (_, data) => conn.put({ kind: 'ping', data: data.toString() }))
  connection.on('pong', data => conn.put({ kind: 'pong', data: data.toString() }))
  connection.on('close', (code, reason) => conn.put({ kind: 'close', code, reason }))
  connection.on('error', () => {}) // the close event follows
  return conn
}
