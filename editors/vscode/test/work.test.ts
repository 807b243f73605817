import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions, readInstalled, versionRows } from '../src/versions'
import { type Service, readLiveBoards, serviceRow, slotRow } from '../src/work'

const slot = { key: 'node', version: '22', state: 'live', step: 'downloading', percent: 45.5, message: null, error: null }
const api: Service = { name: 'api', word: 'ready', ended: false, ready: true, url: null, port: 80, error: null, message: null, board: 'b', supervised: true }

test('a slot at work has its step and whole percents', () => {
  assert.equal(slotRow(slot).description, 'downloading 45 %')
  assert.deepEqual([slotRow({ ...slot, state: 'done' }).description, slotRow({ ...slot, state: 'done' }).atWork], ['done', false])
  assert.equal(slotRow({ ...slot, state: 'failed', error: 'no' }).icon, 'error')
})

test('a service can be started if it does not run, also if its supervisor was killed', () => {
  assert.equal(serviceRow('api', undefined).atWork, false)
  assert.equal(serviceRow('api', api).description, 'ready :80')
  assert.equal(serviceRow('api', api).atWork, true)
  assert.equal(serviceRow('api', { ...api, supervised: false }).atWork, false)
  assert.equal(serviceRow('api', { ...api, word: 'failed', ended: true, ready: false }).atWork, false)
})

test('a board of a killed run is not live', () => {
  const board = (state: string, alive: boolean) => ({ path: state, board: { id: '1', title: 't', state, creator: { alive } } })
  const all = [board('running', true), board('running', false), board('done', true), { path: 'x', board: null }]
  assert.deepEqual(readLiveBoards(JSON.stringify(all)), [all[0]])
})

test('versions are ordered by their numbers, newest first', () => {
  const sorted = ['1.9.0', '1.10.0', '1.10.0-rc1', '1.10'].sort(compareVersions)
  assert.deepEqual(sorted, ['1.10.0', '1.10.0-rc1', '1.10', '1.9.0'])
  const rows = [{ tool: 'a', version: '1.9' }, { tool: 'a', version: '1.10' }]
  assert.deepEqual(readInstalled(JSON.stringify(rows)).get('a'), ['1.10', '1.9'])
})

test('the picker has installed releases first, and each version once', () => {
  const newest = { locked: '1.0', matching: '1.2', latest: '2.0' }
  const rows = versionRows(['1.0'], newest, ['2.0', '1.5'])
  assert.deepEqual(rows.map(({ version, installed }) => [version, installed]), [['1.0', true], ['2.0', false], ['1.5', false], ['1.2', false]])
  assert.deepEqual(rows.map(({ notes }) => notes), [['locked'], ['newest'], [], ['newest that fits']])
  assert.deepEqual(versionRows(['1.0'], undefined, []).length, 1)
})
