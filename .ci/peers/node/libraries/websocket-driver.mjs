// npm's websocket-driver, on bare TCP in both roles; with drafts: true its server
// speaks hixie-75 and hixie-76 too. deflate is for npm's permessage-deflate.
import { once } from 'node:events'
import net from 'node:net'
import permessageDeflate from 'permessage-deflate'
import websocket from 'websocket-driver'
import { Conn } from '../conn.mjs'
import { glue, greeting, pick, play, refusal, refuse } from '../contract.mjs'

export const name = 'websocket-driver'

export async function serve({ drafts = false, deflate } = {}) {
  const sockets = new Set()
  const server = net.createServer(socket => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const driver = websocket.server({ allowDrafts: drafts, protocols: ['b'] })
    if (deflate) driver.addExtension(permessageDeflate.configure(deflate))
    const conn = wrap(driver, socket)
    driver.on('connect', () => {
      if (driver.url === refusal.path) return refuse(socket)
      if (driver.url === greeting) glue(socket)
      if (driver.start()) play(conn, driver.url)
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
  const { hostname, port } = new URL(url)
  const socket = net.connect(port, hostname)
  const driver = websocket.client(url, { protocols })
  if (deflate) driver.addExtension(permessageDeflate.configure(deflate))
  const conn = wrap(driver, socket)
  await new Promise((resolve, reject) => {
    driver.on('open', resolve)
    driver.on('error', error => reject(driver.statusCode === 101 ? error : new Error(`refused with ${driver.statusCode}`)))
    socket.on('error', reject)
    socket.on('connect', () => driver.start())
  })
  conn.protocol = driver.protocol ?? ''
  return conn
}

function wrap(driver, socket) {
  const conn = new Conn({
    send: data => typeof data === 'string' ? driver.text(data) : driver.binary(data),
    ping: payload => driver.ping(payload),
    close: (code, reason) => driver.close(reason, code),
    cut: () => socket.destroy(),
  })
  let closed = false
  const close = (code, reason) => {
    if (!closed) conn.put({ kind: 'close', code, reason })
    closed = true
  }
  driver.on('message', event => conn.putMessage(event.data))
  driver.on('ping', event => conn.put({ kind: 'ping', data: event.data }))
  driver.on('pong', event => conn.put({ kind: 'pong', data: event.data }))
  driver.on('close', event => {
    close(event.code, event.reason)
    socket.end() // the driver has no socket that it could close
  })
  driver.on('error', () => {}) // the close event follows
  socket.on('error', () => {})
  socket.on('close', () => close(1006, ''))
  socket.pipe(driver.io)
  driver.io.pipe(socket)
  return conn
}
