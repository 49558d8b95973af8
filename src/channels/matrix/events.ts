// Events of Matrix as they come over /sync, as far as the channel reads them.

export interface MessageContent {
  readonly msgtype?: string
  readonly body?: string
  readonly url?: string
  readonly filename?: string
  readonly info?: { readonly mimetype?: string; readonly size?: number }
  readonly 'm.mentions'?: { readonly user_ids?: readonly string[]; readonly room?: boolean }
  readonly 'm.relates_to'?: {
    readonly rel_type?: string
    readonly event_id?: string
    readonly is_falling_back?: boolean
    readonly 'm.in_reply_to'?: { readonly event_id?: string }
  }
  readonly membership?: string
  readonly is_direct?: boolean
}

export interface RoomEvent {
  readonly type?: string
  readonly event_id?: string
  readonly sender?: string
  readonly state_key?: string
  readonly origin_server_ts?: number
  readonly content?: MessageContent
  readonly unsigned?: { readonly redacted_because?: object }
}

export interface JoinedRoom {
  readonly timeline?: { readonly events?: readonly RoomEvent[]; readonly limited?: boolean; readonly prev_batch?: string }
  readonly state?: { readonly events?: readonly RoomEvent[] }
}

export interface SyncAnswer {
  readonly next_batch: string
  readonly rooms?: {
    readonly join?: Readonly<Record<string, JoinedRoom>>
    readonly invite?: Readonly<Record<string, { readonly invite_state?: { readonly events?: readonly RoomEvent[] } }>>
  }
}
