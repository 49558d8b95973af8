// Every channel that ships and has a platform of its own, as the kit drives it.

import type { KitDriver } from '../../src/channels/kit/index.ts'
import * as channels from '../../src/channels/registry.ts'

/** Channels that live in the gateway have no platform to drive. */
const platforms = Object.values(channels).filter(({ type, traits }) => traits.resident !== true && type !== 'socket')

export async function kitDrivers(): Promise<readonly KitDriver[]> {
  const modules = platforms.map(
    ({ type }) => import(`../../src/channels/${type}/driver.js`) as Promise<{ drivers: readonly KitDriver[] }>,
  )
  return (await Promise.all(modules)).flatMap(({ drivers }) => drivers)
}
