// "wsdriver serve" for a test. WSDRIVER names the command.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const command = process.env.WSDRIVER
assert.ok(command, 'WSDRIVER names no command')

// serve starts the server on a free port. stop sends a signal and returns when the
// server has ended.
export async function serve(...flags) {
	const child = spawn(command, ['serve', '-addr', '127.0.0.1:0', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
	const ended = once(child, 'exit')
	let out = ''
	for await (const chunk of child.stdout) {
		out += chunk
		const page = out.match(/^page: (\S+)$/m)
		if (page) return { page: page[1], stop }
	}
	assert.fail(`serve ${flags.join(' ')} printed no URL: ${out}`)

	async function stop(signal = 'SIGTERM') {
		child.kill(signal)
		const [code] = await ended
		if (signal === 'SIGTERM') assert.equal(code, 0, 'exit status of serve after SIGTERM')
	}
}
