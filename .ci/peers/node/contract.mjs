// The server's part of the contract in ../README.md, the same for all libraries.

export const greeting = '/greet'
export const refusal = { path: '/refuse', status: 403, body: 'no entry' }

// refuse writes the refusal for libraries that leave this to the application.
export function refuse(socket) {
  const { status, body } = refusal
  socket.end(`HTTP/1.1 ${status} Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n` +
    `Connection: close\r\n\r\n${body}`)
}

// pick picks the subprotocol.
export function pick(offered) {
  return offered.includes('b') ? 'b' : undefined
}

// glue has what is written to socket in this turn of the event loop leave
// together.
export function glue(socket) {
  socket.cork()
  setImmediate(() => socket.uncork())
}

// play does what target, the path of the request, asks for. Its first part is
// synchronous, so that it can be glued to the handshake.
export async function play(conn, target) {
  const { pathname, searchParams } = new URL(target, 'ws://localhost')
  switch (pathname) {
    case '/close':
      conn.close(searchParams.has('code') ? Number(searchParams.get('code')) : undefined, searchParams.get('reason') ?? undefined)
      return
    case '/cut':
      conn.cut()
      return
    case greeting:
      conn.send('hello')
      break
    case '/fragments': {
      const text = Buffer.from('grüße 😀')
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
      const ping = () => conn.ping('between')
      conn.sendParts('text', [text.subarray(0, 3), text.subarray(3, 9), text.subarray(9)], ping)
      conn.sendParts('binary', [bytes.subarray(0, 100), bytes.subarray(100)], ping)
      break
    }
    case '/ping':
      conn.ping('p')
      while ((await conn.until('pong')).data !== 'p');
      conn.send('ponged')
      break
  }
  conn.each(event => {
    if (event.kind === 'text' || event.kind === 'binary') conn.send(event.data)
  })
}
