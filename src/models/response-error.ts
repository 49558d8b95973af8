// An answer of a service that is no success in, the error that `callService` reads out: its status, its headers and what it says.

import { messageOf } from '../errors.ts'
import { headOf } from '../text-cut.ts'

/** Takes the body of the response. */
export async function responseError(response: Response): Promise<Error> {
  const text = await response.text().catch((error: unknown) => messageOf(error))
  const said = text.trim() === '' ? response.statusText : headOf(text.trim(), 1000)
  return Object.assign(new Error(`${response.status} ${said}`), { status: response.status, headers: response.headers })
}
