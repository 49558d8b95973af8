// `POST /chat` on the gateway’s port.

import { resident } from '../resident.ts'

export const http = resident('http')
