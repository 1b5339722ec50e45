// The programs that are built from this repository.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

export const wsdriver = process.env.WSDRIVER
export const client = process.env.CLIENT
assert.ok(wsdriver && client, 'WSDRIVER and CLIENT do not name wsdriver and the scenario client: see ../run')

// run runs a program to its end.
export async function run(program, args, input = '') {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {}) // the program may end without having read it
  child.stdin.end(input)
  const read = async stream => {
    let all = ''
    for await (const chunk of stream.setEncoding('utf8')) all += chunk
    return all
  }
  const [out, err, [status]] = await Promise.all([read(child.stdout), read(child.stderr), once(child, 'exit')])
  return { out, err, status }
}

// serve starts "wsdriver serve" with flags. stop ends it and returns its exit
// status.
export async function serve(...flags) {
  const child = spawn(wsdriver, ['serve', '-addr', '127.0.0.1:0', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  let out = ''
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    out += chunk
    if (out.includes('\n')) break
  }
  const [url] = out.match(/ws:\/\/\S+:\d+/) ?? assert.fail(`serve printed no URL: ${out}`)
  return {
    url,
    port: Number(new URL(url).port),
    async stop() {
      child.kill('SIGTERM')
      const [status] = await exit
      return status
    },
  }
}
