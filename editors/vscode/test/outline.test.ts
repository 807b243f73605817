import assert from 'node:assert/strict'
import { test } from 'node:test'
import { members, outline, tableAt, versionPlace } from '../src/outline'

const FILE = `[tools] # all of them
node = "22" # the "long term" one
uv = { version = '0.9', optional = true }
"quoted name" = "1"

[tools.go]
version = "1.25"

[scripts]
build = """
[services.not]
none = 1
"""
test.command = "make # no comment"

[services.api]
command = ["a", "b"]
[ services . "we b" ]
`

test('members are found as keys and as heads, each once, and not in a text of several lines', () => {
  const found = outline(FILE)
  assert.deepEqual(members(found, 'tools').map(({ name }) => name), ['node', 'uv', 'quoted name', 'go'])
  assert.deepEqual(members(found, 'scripts'), [{ name: 'build', line: 9 }, { name: 'test', line: 13 }])
  assert.deepEqual(members(found, 'services').map(({ name }) => name), ['api', 'we b'])
})

test('a name in quotes may have dots', () => {
  const found = outline('[scripts]\n"test.unit" = "a"\ntest."b.c" = "b"\n[services."web.local".env]\nA = "1"')
  assert.deepEqual(members(found, 'scripts').map(({ name }) => name), ['test.unit', 'test'])
  assert.deepEqual(members(found, 'services').map(({ name }) => name), ['web.local'])
})

test('a file that is half written keeps the places of what is whole', () => {
  const found = outline('[tools]\nnode = "2\n[scr\nuv = \n[services.db]\ncommand = "x"')
  assert.equal(tableAt(found, 3), 'tools')
  assert.deepEqual(members(found, 'services'), [{ name: 'db', line: 4 }])
})

test('the place of a version is that of the text between its quotes', () => {
  const found = outline(FILE)
  const text = (tool: string) => {
    const place = versionPlace(found, tool)!
    return FILE.split('\n')[place.line]!.slice(place.start, place.end)
  }
  assert.deepEqual(['node', 'uv', 'quoted name', 'go'].map(text), ['22', '0.9', '1', '1.25'])
  assert.equal(versionPlace(outline('[tools]\nnode = 22\n'), 'node'), undefined)
  assert.equal(versionPlace(found, 'absent'), undefined)
})
