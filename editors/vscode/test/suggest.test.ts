import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outline } from '../src/outline'
import { describe, suggest } from '../src/suggest'

const knowledge = {
  tools: [{ name: 'node', about: 'JavaScript', sources: ['npm'] }, { name: 'uv', about: 'Python', sources: ['pypi'] }],
  installed: new Map([['node', ['24.1.0', '22.3.0']]]),
  wanted: new Map([['node', '22.3.0'], ['uv', '0.9.0']]),
}
/** The labels at the end of this text. */
const at = (text: string) => {
  const lines = text.split('\n')
  return suggest(outline(text), lines.length - 1, lines.at(-1)!, knowledge).map(({ label }) => label)
}

test('a head names tables', () => assert.ok(at('[tools]\n[se').includes('services')))

test('a tool that is declared is not offered again', () => {
  assert.deepEqual(at('[tools]\nnode = "22"\nu'), ['uv'])
  assert.deepEqual(at('[tools]\n'), ['node', 'uv'])
})

test('versions: those installed first, then the missing one', () => {
  assert.deepEqual(at('[tools]\nnode = "2'), ['24.1.0', '22.3.0', 'latest'])
  assert.deepEqual(at('[tools]\nuv = { version = "'), ['0.9.0', 'latest'])
  assert.deepEqual(at('[tools.uv]\nversion = "'), ['0.9.0', 'latest'])
})

test('keys of tables and of tables in braces', () => {
  assert.ok(at('[services.api]\nre').includes('restart'))
  assert.deepEqual(at('[services.api]\nrestart = "'), ['on-failure', 'always', 'never'])
  assert.ok(at('[scripts]\nbuild = { command = "make", de').includes('depends'))
  assert.deepEqual(at('[services.api]\nerrors = "'), ['go', 'rustc', 'tsc', 'esbuild'])
  assert.deepEqual(at('[tools.node]\nsource = "')[0], 'npm')
  assert.ok(at('[settings]\n').includes('jobs') && at('[services.api]\n').includes('preset'))
  assert.equal(new Set(at('[services.api]\n')).size, at('[services.api]\n').length)
})

test('nothing where a free text or a name of the project stands', () => {
  assert.deepEqual([at('[scripts]\nbuild = "no'), at('[scripts]\nbu'), at('[env]\n'), at('[tools]\nnode = ')], [[], [], [], []])
})

test('a key is described where it is one', () => {
  const text = outline('[services.api]\nrestart = "always"\n[scripts]\nrestart = "x"\n[settings]\njobs = 1\n')
  assert.match(describe(text, 1, 'restart', knowledge)!, /^\*\*restart\*\* When it is restarted/)
  assert.equal(describe(text, 3, 'restart', knowledge), undefined)
  assert.match(describe(text, 5, 'jobs', knowledge)!, /most installs/)
})

test('a tool is described with its versions', () => {
  const text = outline('[tools]\nnode = "22"\n[env]\nnode = "x"\n')
  const said = describe(text, 1, 'node', knowledge)!
  assert.match(said, /JavaScript/)
  assert.match(said, /Wanted: 22\.3\.0\n\nInstalled: 24\.1\.0, 22\.3\.0$/)
  assert.equal(describe(text, 3, 'node', knowledge), undefined)
})
