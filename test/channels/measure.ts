// How many messages a second come in through a channel, and how long one takes.

import { type KitDriver, withBench } from '../../src/channels/kit/index.ts'

export async function measure(driver: KitDriver): Promise<{ perSecond: number; medianMs: number }> {
  let perSecond = 0
  const times: number[] = []
  await withBench(driver, {}, async (bench) => {
    const say = (text: string) => bench.platform.say({ place: 'direct', text })
    const come = (count: number) => bench.host.until(`${count} messages`, () => bench.host.received.length >= count, 30_000)
    let count = 0
    let arrived: () => void = () => undefined
    let awaited = ''
    // Called the moment a message reaches the host, so that no polling of ours is in the figure.
    bench.host.delayReceives((message) => {
      if (message.content === awaited) arrived()
      return 0
    })
    for (; count < 30; count++) {
      const coming = new Promise<void>((resolve) => {
        arrived = resolve
      })
      awaited = `single ${count}`
      const began = performance.now()
      await say(awaited)
      await coming
      times.push(performance.now() - began)
    }
    bench.host.delayReceives(0)
    const began = performance.now()
    for (const end = count + 400; count < end; count++) await say(`many ${count}`)
    await come(count)
    perSecond = Math.round(400_000 / (performance.now() - began))
  })
  times.sort((a, b) => a - b)
  return { perSecond, medianMs: times[Math.floor(times.length / 2)] ?? 0 }
}
