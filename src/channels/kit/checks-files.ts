// The kit's checks of files both ways: by the channel alone, and through the engine, from a tool's result to the people in the chat
// and from a chat to the workspace.

import assert from 'node:assert/strict'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { until, withBench } from './bench.ts'
import type { KitDriver, KitSeen } from './contract.ts'
import { type EngineBench, PICTURE, withEngine } from './engine-bench.ts'
import { deliver } from './host.ts'

export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

const MAX_BYTES = 4096

export async function filesComeIn(driver: KitDriver): Promise<void> {
  await withinLimits(driver)
  await withEngine(driver, liesInTheInbox)
}

function withinLimits(driver: KitDriver): Promise<void> {
  const spec = { media: { maxBytes: MAX_BYTES, accept: ['image/*', 'application/pdf'] } }
  return withBench(driver, { spec }, async ({ platform, host }) => {
    const say = (text: string, data: Buffer, mediaType: string, name: string) =>
      platform.say({ place: 'direct', text, file: { data, mediaType, name } })
    await say('look', PNG, 'image/png', 'dot.png')
    await say('big', Buffer.concat([PNG, Buffer.alloc(10_000)]), 'image/png', 'big.png')
    await say('wrong', Buffer.from('MZ....'), 'application/x-msdownload', 'tool.exe')
    await host.until('three messages', () => host.received.length >= 3)
    const [image, big, wrong] = host.received.map((message) => message.media?.[0])
    assert.equal(image?.kind, 'image')
    assert.equal(image?.mediaType, 'image/png', 'the bytes say what it is')
    assert.ok(Buffer.from(image?.data ?? '', 'base64').equals(PNG), 'unharmed')
    assert.equal(big?.data, undefined)
    assert.ok(big?.note, 'too large: said')
    assert.equal(wrong?.data, undefined)
    assert.ok(wrong?.note, 'not taken: said')
    if (driver.captions !== false) assert.equal(host.received[0]?.content, 'look', 'the caption is the text')
  })
}

async function liesInTheInbox({ platform, engine, workspace }: EngineBench): Promise<void> {
  await platform.say({ place: 'direct', text: 'keep this', file: { data: PNG, mediaType: 'image/png', name: 'dot.png' } })
  await until('an answer', () => platform.seen('direct').some(({ text }) => text === 'Noted.'))
  const [session] = await engine.sessions()
  const [entry] = await engine.transcript(session?.key ?? '')
  const [, path = ''] = /saved as (inbox\/[^\]]+)\]/.exec(JSON.stringify(entry?.content)) ?? []
  assert.notEqual(path, '', 'the model is told where it lies')
  assert.ok((await readFile(join(workspace, path))).equals(PNG), 'and there it lies')
}

export async function filesGoOut(driver: KitDriver): Promise<void> {
  if (driver.definition.traits.media) await severalFiles(driver)
  await withEngine(driver, (bench) => pictureOfAnAgent(driver, bench))
}

function severalFiles(driver: KitDriver): Promise<void> {
  return withBench(driver, {}, async ({ platform, host, channel }) => {
    await platform.say({ place: 'direct', text: 'hello' })
    await host.until('the greeting', () => host.received.length > 0)
    const report = Buffer.from('%PDF-1.4 report')
    await deliver(channel, host, {
      content: 'two files',
      userId: platform.users[0],
      attachments: [
        { kind: 'image', mediaType: 'image/png', name: 'dot.png', data: PNG },
        { kind: 'document', mediaType: 'application/pdf', name: 'report.pdf', data: report },
      ],
    })
    const files = () => filesIn(platform.seen('direct'))
    await until('both files', () => files().length === 2)
    assert.ok(files().some(({ data }) => data.equals(PNG)))
    assert.ok(files().some(({ data, name }) => data.equals(report) && name === 'report.pdf'))
    assert.ok(platform.seen('direct').some(({ text }) => text.includes('two files')))
  })
}

const filesIn = (seen: readonly KitSeen[]) => seen.flatMap(({ file }) => (file === undefined ? [] : [file]))

/** From a tool's result to the chat: the text, then the picture, each once. */
async function pictureOfAnAgent({ definition }: KitDriver, { platform, workspace }: EngineBench): Promise<void> {
  await mkdir(workspace, { recursive: true })
  await writeFile(join(workspace, PICTURE.name), PNG)
  await platform.say({ place: 'direct', text: PICTURE.ask })
  const seen = () => platform.seen('direct')
  if (!definition.traits.media) {
    await until('words for the picture', () =>
      seen().some(({ text }) => text.includes(PICTURE.name) && text.includes('cannot be sent')),
    )
    assert.ok(seen().some(({ text }) => text.includes(PICTURE.text)))
    return
  }
  await until('the picture', () => filesIn(seen()).length > 0)
  // Platforms that carry text and files in one message have both at once.
  const said = seen().findIndex(({ text }) => text.includes(PICTURE.text))
  const shown = seen().findIndex(({ file }) => file !== undefined)
  assert.ok(said >= 0 && said <= shown, `the text comes first (${said}, ${shown})`)
  assert.ok(filesIn(seen())[0]?.data.equals(PNG), 'unharmed')
  assert.equal(filesIn(seen()).length, 1)
}
