import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCheck, statusText } from '../src/check'

test('a project in step', () => {
  const check = readCheck({ code: 0, stdout: '', stderr: '' })
  assert.deepEqual(check, { state: { kind: 'in-step' }, problems: [] })
})

test('each missing release counts', () => {
  const { state } = readCheck({ code: 1, stdout: 'install node 22.1.0\ninstall uv 0.9.0\n', stderr: '' })
  assert.match(statusText(state).text, /vx: 2 missing$/)
})

test('a mistake has its place, and is the reason of the failure', () => {
  const stderr = '/p/vx.toml:2:8: error: missing opening quote\n 2 | node = 22x"\n   |        ^\n'
  const check = readCheck({ code: 2, stdout: '', stderr })
  const problem = { path: '/p/vx.toml', line: 2, column: 8, severity: 'error', message: 'missing opening quote' }
  assert.deepEqual(check.problems, [problem])
  assert.deepEqual(check.state, { kind: 'failed', reason: 'missing opening quote' })
})

test('a warning does not hide what is missing', () => {
  const check = readCheck({ code: 1, stdout: 'install a 1\n', stderr: '/p/vx.toml:4:9: warning: is ignored\n' })
  assert.equal(check.state.kind, 'missing')
  assert.equal(check.problems[0]?.severity, 'warning')
})

test('an end by a signal is a failure with a reason', () => {
  assert.deepEqual(readCheck({ code: null, stdout: '', stderr: '' }).state, { kind: 'failed', reason: 'vx ended with a signal' })
})
