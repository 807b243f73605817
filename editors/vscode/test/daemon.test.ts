import assert from 'node:assert/strict'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Boards } from '../src/board'
import { Connection, Refused } from '../src/connection'
import { Daemon } from '../src/daemon'
import { Unframer, frame } from '../src/frame'
import type { DaemonEvent, Told, Work } from '../src/protocol'

const PATIENCE_MS = 60_000

async function until(what: string, look: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS
  while (!look()) {
    assert.ok(Date.now() < end, what)
    await new Promise(later => setTimeout(later, 10))
  }
}

interface Asked {
  id: number
  method: string
  params: Record<string, unknown>
}

/** A fake daemon; `answer` returns the messages for a request. */
async function serve(answer: (asked: Asked) => object[]) {
  const room = fs.mkdtempSync(path.join(os.tmpdir(), 'vxd'))
  const place = path.join(room, 's')
  const sockets = new Set<net.Socket>()
  const asked: Asked[] = []
  const server = net.createServer(socket => {
    sockets.add(socket)
    const unframer = new Unframer()
    socket.on('error', () => {})
    socket.on('data', piece => {
      for (const message of unframer.push(piece) as Asked[]) {
        asked.push(message)
        const result = { protocol: 1, methods: ['vx/subscribe'] }
        const messages = message.method === 'initialize' ? [{ id: message.id, result }] : answer(message)
        socket.write(Buffer.concat(messages.map(frame)))
      }
    })
  })
  await new Promise<void>(ready => server.listen(place, ready))
  return {
    place,
    asked,
    cut: () => sockets.forEach(socket => socket.destroy()),
    stop: () => {
      sockets.forEach(socket => socket.destroy())
      server.close()
      fs.rmSync(room, { recursive: true, force: true })
    },
  }
}

const event = (seq: number, what: DaemonEvent): object => ({ method: 'vx/event', params: { subscription_id: 1, seq, ...what } })
const changed: DaemonEvent = { event: 'ConfigChanged', data: { path: '/p/vx.toml' } }

test('messages come whole however the stream is cut', () => {
  const stream = Buffer.concat([frame({ a: 'ö' }), frame({ b: 2 })])
  const one = new Unframer()
  assert.deepEqual([...stream].flatMap(byte => one.push(Buffer.from([byte]))), [{ a: 'ö' }, { b: 2 }])
  assert.deepEqual(new Unframer().push(stream), [{ a: 'ö' }, { b: 2 }])
})

test('bytes that are not a message, and a message without end, are refused', () => {
  assert.throws(() => new Unframer().push(Buffer.from('HTTP/1.1 400\r\n\r\n')))
  assert.throws(() => new Unframer().push(Buffer.from('Content-Length: 99999999999\r\n\r\n')))
})

test('an error answer has its kind and hint', async () => {
  const error = { code: -32000, message: 'no', data: { kind: 'consent', hint: 'run `vx trust`' } }
  const daemon = await serve(({ id }) => [{ id, error }])
  try {
    const connection = await Connection.open(daemon.place)
    const refused = await connection.request('vx/up', {}).catch((error: Refused) => error)
    assert.deepEqual([(refused as Refused).kind, (refused as Refused).hint], ['consent', 'run `vx trust`'])
    connection.close()
  } finally {
    daemon.stop()
  }
})

test('a request that is not answered in its time ends the connection', async () => {
  const daemon = await serve(() => [])
  try {
    const connection = await Connection.open(daemon.place)
    await assert.rejects(connection.request('vx/subscribe', {}, 20), /gone/)
    assert.equal(connection.closed, true)
  } finally {
    daemon.stop()
  }
})

test('an event in the same piece as the answer before it is not lost', async () => {
  const subscribed = { subscription_id: 1, generation: 'g', seq: 3, resync: false, snapshot: null }
  const daemon = await serve(({ id }) => [{ id, result: subscribed }, event(4, changed)])
  const heard: Told[] = []
  const one = new Daemon(
    { directory: '/p', start: async () => true, onEvent: told => heard.push(told), onConnected: () => {}, onGone: () => {}, onGivenUp: () => {} },
    async () => daemon.place,
  )
  try {
    await until('the event', () => heard.length === 1)
    assert.equal(heard[0]!.seq, 4)
  } finally {
    one.stop()
    daemon.stop()
  }
})

test('after the end of a connection the next one asks for what it missed, and a new daemon gives everything', async () => {
  const snapshot = { runtimes: [], boards: [] }
  let lives = 0
  const daemon = await serve(({ id }) => {
    const result = { subscription_id: 1, generation: lives++ === 0 ? 'old' : 'new', seq: 7, resync: true, snapshot }
    return [{ id, result }]
  })
  let [resyncs, ends] = [0, 0]
  const one = new Daemon(
    { directory: '/p', start: async () => true, onEvent: () => {}, onConnected: snapshot => (resyncs += snapshot ? 1 : 0), onGone: () => ends++, onGivenUp: () => {} },
    async () => daemon.place,
  )
  try {
    await until('the first', () => resyncs === 1)
    daemon.cut()
    await until('the second', () => resyncs === 2)
    assert.equal(ends, 1)
    const since = daemon.asked.filter(({ method }) => method === 'vx/subscribe').map(({ params }) => params.since)
    assert.deepEqual(since, [undefined, { generation: 'old', seq: 7 }])
  } finally {
    one.stop()
    daemon.stop()
  }
})

test('boards are folded from a snapshot and events', () => {
  const work = (slot: number, percent: number, kind = 'install') =>
    ({ key: 'node', kind, state: 'live', standing: 'downloading', ended: false, slot, generation: 1, step: 'downloading', percent }) as Work
  const boards = new Boards()
  const summary = { path: '/b', id: '1', title: 'shop', state: 'running' }
  assert.ok(boards.take({ event: 'BoardOpened', data: summary }))
  assert.ok(boards.take({ event: 'WorkChanged', data: { board: '/b', id: '1', work: work(0, 1) } }))
  assert.ok(boards.take({ event: 'Progress', data: { board: '/b', id: '1', work: work(0, 45) } }))
  assert.ok(boards.take({ event: 'Progress', data: { board: '/b', id: '1', work: work(1, 45, 'service') } }))
  assert.deepEqual(boards.runs().map(({ title, rows }) => [title, rows.map(row => row.description)]), [['shop', ['downloading 45 %']]])
  assert.ok(!boards.take({ event: 'Progress', data: { board: '/other', id: '2', work: work(0, 1) } }))
  assert.ok(!boards.take(changed))
  boards.take({ event: 'BoardClosed', data: { ...summary, state: 'done' } })
  assert.deepEqual(boards.runs(), [])
  boards.reset({ runtimes: [], boards: [{ ...summary, work: [work(0, 9)] }] })
  assert.equal(boards.runs().length, 1)
})
