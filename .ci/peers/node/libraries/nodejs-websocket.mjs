// npm's nodejs-websocket.
import { once } from 'node:events'
import websocket from 'nodejs-websocket'
import { Conn } from '../conn.mjs'
import { greeting, pick, play } from '../contract.mjs'

export const name = 'nodejs-websocket'

export async function serve() {
  const server = websocket.createServer({ selectProtocol: (_, offered) => pick(offered) }, connection => {
    const uncork = () => connection.socket.uncork()
    connection.path === greeting ? setImmediate(uncork) : uncork()
    play(wrap(connection), connection.path)
  })
  // It says that there is a connection when its handshake has been written: what
  // is to be glued to that is held back from the beginning.
  server.socket.on('connection', socket => socket.cork())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `ws://127.0.0.1:${server.socket.address().port}`,
    stop() {
      for (const connection of [...server.connections]) connection.socket.destroy()
      server.close()
    },
  }
}

export async function connect(url, { protocols = [] } = {}) {
  const connection = websocket.connect(url, { protocols })
  const conn = wrap(connection)
  await new Promise((resolve, reject) => {
    connection.on('connect', resolve)
    connection.on('error', reject)
  })
  conn.protocol = connection.protocol ?? ''
  return conn
}

// Each write to a binary stream becomes a frame.
websocket.setBinaryFragmentation(1)

function wrap(connection) {
  const conn = new Conn({
    protocol: connection.protocol ?? '',
    send: data => connection.send(data),
    sendParts(kind, parts, between) { // kind is binary: it has nothing for texts
      const stream = connection.beginBinary()
      parts.forEach((part, i) => {
        stream.write(part)
        if (i === 0) between()
      })
      stream.end()
    },
    ping: payload => connection.sendPing(payload),
    close: (code, reason) => connection.close(code, reason),
    cut: () => connection.socket.destroy(),
  })
  connection.on('text', data => conn.putMessage(data))
  connection.on('binary', stream => conn.put(read(stream)))
  connection.on('pong', data => conn.put({ kind: 'pong', data }))
  connection.on('close', (code, reason) => {
    conn.put({ kind: 'close', code, reason })
    // It answers a close frame and leaves the socket open, whose end a client
    // waits for (RFC 6455, section 7.1.1).
    if (connection.server && connection.readyState === connection.CLOSED) connection.socket.end()
  })
  connection.on('error', () => {}) // the close event follows
  return conn
}

async function read(stream) {
  const parts = []
  for await (const part of stream) parts.push(part)
  return { kind: 'binary', data: Buffer.concat(parts) }
}
