import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readCheck, statusText } from '../src/check'

const plan = (install: object[], keep: object[] = [], fail: object[] = []) => JSON.stringify({ install, keep, fail })
const node = { tool: 'node', version: '22.1.0', source: 'npm', size_bytes: 3 }
const uv = { tool: 'uv', version: '0.9.0', reason: 'up to date' }

test('a project in step', () => {
  const check = readCheck({ code: 0, stdout: plan([], [uv]), stderr: '' })
  assert.deepEqual([check.state, check.problems], [{ kind: 'in-step' }, []])
})

test('missing releases count, and installed ones do not', () => {
  const { state } = readCheck({ code: 1, stdout: plan([node], [uv]), stderr: '' })
  assert.match(statusText(state).text, /vx: 1 missing$/)
  assert.equal(statusText(state).tooltip, 'node 22.1.0')
})

test('a mistake has its place, and is the reason of the failure', () => {
  const stderr = '/p/vx.toml:2:8: error: missing opening quote\n 2 | node = 22x"\n   |        ^\n'
  const check = readCheck({ code: 2, stdout: '', stderr })
  const problem = { path: '/p/vx.toml', line: 2, column: 8, severity: 'error', message: 'missing opening quote' }
  assert.deepEqual(check.problems, [problem])
  assert.deepEqual(check.state, { kind: 'failed', reason: 'missing opening quote' })
})

test('a warning does not hide what is missing', () => {
  const check = readCheck({ code: 1, stdout: plan([node]), stderr: '/p/vx.toml:4:9: warning: is ignored\n' })
  assert.equal(check.state.kind, 'missing')
  assert.equal(check.problems[0]?.severity, 'warning')
})

test('a tool that cannot be had is the reason, unless it is optional', () => {
  const failed = { tool: 'x', error: 'there is no x', optional: false }
  assert.deepEqual(readCheck({ code: 1, stdout: plan([], [], [failed]), stderr: '' }).state, { kind: 'failed', reason: 'there is no x' })
  const optional = readCheck({ code: 0, stdout: plan([], [], [{ ...failed, optional: true }]), stderr: '' })
  assert.equal(optional.state.kind, 'in-step')
})

test('an end by a signal is a failure with a reason', () => {
  assert.deepEqual(readCheck({ code: null, stdout: '', stderr: '' }).state, { kind: 'failed', reason: 'vx ended with a signal' })
})

test('a program without the plan as JSON is too old', () => {
  const refused = "error: the argument '--check' cannot be used with '--json'\n"
  assert.equal(readCheck({ code: 2, stdout: '', stderr: refused }).state.kind, 'old')
  assert.equal(readCheck({ code: 0, stdout: 'keep uv 0.9.0\n', stderr: '' }).state.kind, 'old')
})
