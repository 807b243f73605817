import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Boards } from '../src/board'
import type { BoardSummary, DaemonEvent, Work } from '../src/protocol'
import { Runs } from '../src/runs'

const board: BoardSummary = { path: '/b', id: '1', title: 'shop', state: 'running' }
const work = (slot: number, more: Partial<Work>): Work =>
  ({ key: `t${slot}`, kind: 'install', state: 'live', standing: 'live', ended: false, slot, generation: 1, ...more }) as Work
const changed = (one: Work): DaemonEvent => ({ event: 'WorkChanged', data: { board: '/b', id: '1', work: one } })
const closed: DaemonEvent = { event: 'BoardClosed', data: { ...board, state: 'done' } }

/** A run whose start is answered at once, its percents, and its end. */
function begun(boards?: Boards, begin = async () => ({ board })) {
  const runs = new Runs()
  const percents: number[] = []
  const end = runs.follow(begin, () => boards, percent => percents.push(percent))
  return { runs, percents, end, settled: () => new Promise(later => setImmediate(later)) }
}

test('a run is followed from what is known of it to its end', async () => {
  const boards = new Boards()
  const skipped = work(3, { state: 'skipped', ended: true })
  boards.reset({ runtimes: [], boards: [{ ...board, work: [work(1, { percent: 50 }), work(2, {}), skipped] }] })
  const { runs, percents, end, settled } = begun(boards)
  await settled()
  runs.take(changed(work(1, { state: 'done', ended: true })))
  runs.take(changed(work(2, { state: 'failed', ended: true, error: 'no' })))
  runs.take({ event: 'BoardClosed', data: { ...board, path: '/other' } })
  runs.take(closed)
  assert.deepEqual((await end).failed.map(({ key, error }) => [key, error]), [['t2', 'no']])
  assert.deepEqual(percents, [25, 50, 100])
})

test('a run that ends before its beginning is answered is not waited for', async () => {
  let answer = (_: { board: BoardSummary }) => {}
  const { runs, end } = begun(undefined, () => new Promise(resolve => (answer = resolve)))
  runs.take({ event: 'BoardClosed', data: { ...board, state: 'failed' } })
  answer({ board })
  assert.deepEqual(await end, { state: 'failed', failed: [] })
})

test('a run without a board, or with one that is over, is over', async () => {
  const ended = (board: BoardSummary | null) => new Runs().follow(async () => ({ board }), () => undefined, () => {})
  assert.deepEqual(await ended(null), { state: 'done', failed: [] })
  assert.deepEqual(await ended({ ...board, state: 'done' }), { state: 'done', failed: [] })
  assert.deepEqual(await ended({ ...board, state: 'abandoned' }), { state: 'abandoned', failed: [] })
})

test('after a daemon that was killed, a run that is not in the snapshot has ended, and another one goes on', async () => {
  const { runs, percents, end, settled } = begun()
  await settled()
  runs.reset({ runtimes: [], boards: [{ ...board, work: [work(1, { state: 'failed', ended: true })] }] })
  runs.reset({ runtimes: [], boards: [] })
  assert.deepEqual((await end).failed.map(({ key }) => key), ['t1'])
  assert.deepEqual(percents, [])
})

test('a run whose daemon does not come back is lost, and waited for no longer', async () => {
  const { runs, end, settled } = begun()
  await settled()
  runs.lose()
  assert.deepEqual(await end, { state: 'lost', failed: [] })
})

test('an error answer is passed on', async () => {
  await assert.rejects(begun(undefined, () => Promise.reject(new Error('refused'))).end, /refused/)
})
