import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../src/program'

test('a program has the variables of the editor, without those of its own processes', async () => {
  const own = { GREETING: 'hello', ELECTRON_RUN_AS_NODE: '1', VSCODE_PID: '7' }
  Object.assign(process.env, own)
  const names = JSON.stringify(Object.keys(own))
  const script = `process.stdout.write(JSON.stringify(${names}.map(name => process.env[name] ?? null)))`
  const ended = await run({ program: process.execPath, directory: '.', args: ['-e', script] })
  for (const name of Object.keys(own)) delete process.env[name]
  assert.equal(ended.stderr, '')
  assert.deepEqual(JSON.parse(ended.stdout), ['hello', null, null])
})
