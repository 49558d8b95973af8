// One trial: a fresh fake, a fresh host, a started channel, all stopped at the end whatever happens.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChannelPlan } from '../../plan/plan.ts'
import type { Clock } from '../../ports.ts'
import type { Channel } from '../port.ts'
import type { KitDriver, KitPlatform } from './contract.ts'
import { createKitHost, fastClock, type KitHost, until } from './host.ts'

/** Waits of the channel pass this many times faster. */
export const FASTER = 50

export interface Bench {
  readonly driver: KitDriver
  readonly platform: KitPlatform
  readonly clock: Clock
  readonly host: KitHost
  readonly channel: Channel
  /** Stops the channel; `again` starts a new one on the same state, with a host that knows what came before only by its folder. */
  again(): Promise<void>
}

export interface BenchOptions {
  readonly settings?: 'bad'
  readonly spec?: Partial<ChannelPlan>
  readonly prefixes?: readonly string[]
  /** Do not wait until it is connected. */
  readonly unready?: boolean
}

export async function withBench(driver: KitDriver, options: BenchOptions, body: (bench: Bench) => Promise<void>): Promise<void> {
  const clock = fastClock(FASTER)
  const folder = await mkdtemp(join(tmpdir(), 'claw-kit-'))
  const platform = await driver.start(clock)
  const create = await driver.definition.load()
  const makeHost = (): KitHost =>
    createKitHost({
      type: driver.definition.type,
      definition: driver.definition,
      clock,
      stateFolder: join(folder, 'state'),
      settings: options.settings === 'bad' ? platform.badSettings : platform.settings,
      ...(platform.apiRoot === undefined ? {} : { apiRoot: platform.apiRoot }),
      ...(options.spec === undefined ? {} : { spec: options.spec }),
      ...(options.prefixes === undefined ? {} : { prefixes: options.prefixes }),
    })
  let host = makeHost()
  let channel = create(host)
  const begin = async (): Promise<void> => {
    platform.attach?.(channel)
    await channel.start()
    if (options.unready === true) return
    await host.until('connected', () => host.state.state === 'connected')
    await platform.meet?.()
  }
  try {
    await begin()
    await body({
      driver,
      platform,
      clock,
      get host() {
        return host
      },
      get channel() {
        return channel
      },
      async again() {
        host = makeHost()
        channel = create(host)
        await begin()
      },
    })
  } finally {
    platform.attach?.(null)
    await channel.stop()
    await platform.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

export { until }
