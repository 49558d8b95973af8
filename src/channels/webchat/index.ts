// The page on the gateway’s port.

import { resident } from '../resident.ts'

export const webchat = resident('webchat')
