import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** Rooms, who is in them and connected to them, their messages in one gap-free order, and the search index. */
export class CreateRooms1763600200000 implements MigrationInterface {
  readonly name = 'CreateRooms1763600200000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await tenantTable(queryRunner, 'rooms', {
      columns: `
        id text not null check (id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
        name text not null,
        visibility text not null check (visibility in ('open', 'private')),
        message_ttl_seconds integer check (message_ttl_seconds > 0),
        is_anonymous boolean not null default false,
        is_fixed boolean not null default false,
        last_seq bigint not null default 0,
        last_rev bigint not null default 0,
        indexed_seq bigint not null default 0,
        created_by uuid,
        created_at timestamptz(3) not null default now(),
        primary key (client_id, id)`,
    });
    // Every message updates its room's counters: room on the page keeps that update off the indexes (HOT).
    await queryRunner.query(`alter table rooms set (fillfactor = 50)`);

    await tenantTable(queryRunner, 'room_members', {
      columns: `
        room_id text not null,
        user_id uuid not null,
        role text not null default 'member' check (role in ('admin', 'member')),
        last_read_seq bigint not null default 0,
        joined_at timestamptz(3) not null default now(),
        primary key (client_id, room_id, user_id),
        foreign key (client_id, room_id) references rooms (client_id, id) on delete cascade,
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`create index room_members_user on room_members (client_id, user_id)`);
    await queryRunner.query(`alter table room_members set (fillfactor = 70)`);

    // sender_id has no foreign key: a message outlives its author's account, and is then shown without a name. Nor has room_id:
    // see delete_messages_with_room.
    await tenantTable(queryRunner, 'messages', {
      columns: `
        room_id text not null,
        seq bigint not null,
        id uuid not null,
        sender_id uuid not null,
        content text,
        file_ids uuid[] not null default '{}',
        reply_to_seq bigint,
        client_message_id text,
        rev bigint not null,
        posted_rev bigint not null,
        has_reactions boolean not null default false,
        created_at timestamptz(3) not null,
        edited_at timestamptz(3),
        deleted_at timestamptz(3),
        expires_at timestamptz(3),
        primary key (client_id, room_id, seq)`,
      isReferred: false,
    });
    await queryRunner.query(`
      create unique index messages_client_message_id on messages (client_id, room_id, sender_id, client_message_id)
        where client_message_id is not null;
      create index messages_changed on messages (client_id, room_id, rev) where rev > posted_rev;
      create index messages_expires on messages (expires_at) where expires_at is not null;
    `);

    await tenantTable(queryRunner, 'reactions', {
      columns: `
        room_id text not null,
        seq bigint not null,
        emoji text not null,
        user_id uuid not null,
        created_at timestamptz(3) not null default clock_timestamp(),
        primary key (client_id, room_id, seq, emoji, user_id),
        foreign key (client_id, room_id, seq) references messages (client_id, room_id, seq) on delete cascade,
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`create index reactions_user on reactions (client_id, user_id)`);

    await tenantTable(queryRunner, 'connections', {
      columns: `
        connection_id text not null,
        room_id text not null,
        user_id uuid not null,
        node_id text not null,
        connected_at timestamptz(3) not null default now(),
        primary key (client_id, room_id, connection_id),
        foreign key (client_id, room_id) references rooms (client_id, id) on delete cascade,
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`
      create index connections_node on connections (node_id);
      create index connections_user on connections (client_id, user_id);
    `);

    // One row per message that can be found. Tokens are hashes of (tenant, bigram), so that an index over all tenants'
    // rows reads one tenant's postings alone.
    await tenantTable(queryRunner, 'message_search', {
      columns: `
        room_id text not null,
        seq bigint not null,
        id uuid not null,
        text text not null,
        tokens integer[] not null,
        primary key (client_id, room_id, seq),
        foreign key (client_id, room_id, seq) references messages (client_id, room_id, seq) on delete cascade`,
    });
    await queryRunner.query(`create index message_search_tokens on message_search using gin (tokens)`);

    // What nodes tell each other in more words than a notification holds; the adapter deletes it after half a minute.
    await queryRunner.query(`
      create table socket_io_attachments (
        id bigserial primary key,
        created_at timestamptz default now(),
        payload bytea
      );
      grant select, insert, delete on socket_io_attachments to kaiwa_system;
      grant usage on sequence socket_io_attachments_id_seq to kaiwa_system;
    `);

    await queryRunner.query(POST_MESSAGES);
    await queryRunner.query(DELETE_MESSAGES_WITH_ROOM);
    await queryRunner.query(SEARCH_MESSAGES);
    // Row-level security is forced upon owners too; the function reads as the one role that a policy lets read across.
    await queryRunner.query(`
      grant create on schema public to kaiwa_system;
      alter function search_messages(text, uuid, integer[], text, text, uuid, integer) owner to kaiwa_system;
      alter function delete_messages_with_room() owner to kaiwa_system;
      revoke create on schema public from kaiwa_system;
      revoke all on function delete_messages_with_room() from public;
      create trigger rooms_delete_messages after delete on rooms for each row execute function delete_messages_with_room();
      revoke all on function post_messages(text, text[], json) from public;
      revoke all on function search_messages(text, uuid, integer[], text, text, uuid, integer) from public;
      grant execute on function post_messages(text, text[], json) to kaiwa_app;
      grant execute on function search_messages(text, uuid, integer[], text, text, uuid, integer) to kaiwa_app;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop function search_messages(text, uuid, integer[], text, text, uuid, integer);
      drop function post_messages(text, text[], json);
      drop table socket_io_attachments, message_search, connections, reactions, messages, room_members, rooms;
      drop function delete_messages_with_room()`);
  }
}

/**
 * Posts a batch in one round trip. First it locks the rooms (`p_rooms`, sorted), in one order, so that two batches cannot deadlock and
 * so that `seq` follows commit order; the second statement then sees all that earlier holders of the locks have committed. Each
 * incoming message names its room by its place in `p_rooms` and gets its own outcome; one that is refused does not disturb the others.
 * In an anonymous room a message may live shorter than the room says, and not longer.
 * `known_user` and `known_member` say what the caller has seen itself, and save a look-up each; of a private room nothing is believed.
 * Up to three are posted one by one, by statements so small that they cost less than the plan for many. For more, lateral look-ups and a plan made once keep the cost of a message at one index probe or two, whatever the tables' sizes.
 */
const POST_MESSAGES = `
create function post_messages(p_client_id text, p_rooms text[], p_batch json)
returns table (idx integer, outcome text, seq bigint, id uuid, created_at timestamptz, expires_at timestamptz,
               username text, email text, is_anonymous boolean, joined boolean)
language plpgsql volatile security invoker set search_path = public, pg_temp set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  v_now timestamptz;
  v_room rooms;
  v_message record;
  v_first messages;
  v_is_member boolean;
begin
  if json_array_length(p_batch) <= 3 then
    for v_message in
      select * from json_to_recordset(p_batch) as b(idx integer, room integer, sender_id uuid, id uuid, content text, client_message_id text,
                                                    file_ids uuid[], reply_to_seq bigint, ttl_seconds integer, known_user boolean, known_member boolean)
      order by b.room, b.idx
    loop
      idx := v_message.idx; outcome := null; id := null; username := null; email := null; joined := false;
      select * into v_room from rooms r where r.client_id = p_client_id and r.id = p_rooms[v_message.room] for no key update;
      v_is_member := v_message.known_member and v_room.visibility = 'open';
      if v_room.id is not null and not v_is_member then
        v_is_member := exists (select 1 from room_members m where m.client_id = p_client_id and m.room_id = v_room.id and m.user_id = v_message.sender_id);
      end if;
      if v_room.id is null then
        outcome := 'room_not_found';
      elsif not v_message.known_user then
        select u.username, u.email into username, email from users u where u.client_id = p_client_id and u.id = v_message.sender_id;
        if not found then outcome := 'user_not_found'; end if;
      end if;
      if outcome is null and v_room.visibility = 'private' and not v_is_member then outcome := 'room_not_found'; end if;
      if outcome is null and v_message.client_message_id is not null then
        select * into v_first from messages e where e.client_id = p_client_id and e.room_id = v_room.id
          and e.sender_id = v_message.sender_id and e.client_message_id = v_message.client_message_id;
        if found then outcome := 'existing'; end if;
      end if;
      if outcome is null and v_message.reply_to_seq > v_room.last_seq then
        outcome := 'reply_not_found';
      end if;
      is_anonymous := v_room.is_anonymous;
      created_at := date_trunc('milliseconds', clock_timestamp());
      expires_at := created_at + make_interval(secs => case when v_room.is_anonymous then least(v_message.ttl_seconds, v_room.message_ttl_seconds)
                                                            else coalesce(v_message.ttl_seconds, v_room.message_ttl_seconds) end);
      seq := v_room.last_seq + 1;
      if outcome = 'existing' then
        seq := v_first.seq; id := v_first.id; created_at := v_first.created_at; expires_at := v_first.expires_at;
      elsif outcome is null then
        outcome := 'created';
        insert into messages (client_id, room_id, seq, id, sender_id, content, file_ids, reply_to_seq, client_message_id,
                              rev, posted_rev, created_at, expires_at)
        values (p_client_id, v_room.id, seq, v_message.id, v_message.sender_id, v_message.content, v_message.file_ids, v_message.reply_to_seq,
                v_message.client_message_id, v_room.last_rev, v_room.last_rev, created_at, expires_at);
        update rooms r set last_seq = seq where r.client_id = p_client_id and r.id = v_room.id;
        if not v_is_member then
          joined := true;
          insert into room_members (client_id, room_id, user_id, last_read_seq) values (p_client_id, v_room.id, v_message.sender_id, seq)
          on conflict do nothing;
        end if;
      end if;
      return next;
    end loop;
    return;
  end if;
  perform 1 from rooms r where r.client_id = p_client_id and r.id = any(p_rooms) order by r.id for no key update;
  v_now := date_trunc('milliseconds', clock_timestamp());
  return query
  with spots as materialized (
    select w.place, r.id, r.visibility, r.message_ttl_seconds, r.is_anonymous, r.last_seq, r.last_rev
    from unnest(p_rooms) with ordinality as w(id, place)
    cross join lateral (select * from rooms r where r.client_id = p_client_id and r.id = w.id limit 1) r
  ),
  incoming as materialized (
    select b.idx, b.sender_id, b.id, b.content, b.client_message_id, b.file_ids, b.reply_to_seq,
           s.id as room_id, s.last_seq, s.last_rev, s.is_anonymous, u.username, u.email,
           e.seq as first_seq, e.id as first_id, e.created_at as first_created_at, e.expires_at as first_expires_at,
           v_now + make_interval(secs => case when s.is_anonymous then least(b.ttl_seconds, s.message_ttl_seconds)
                                              else coalesce(b.ttl_seconds, s.message_ttl_seconds) end) as expires_at,
           o.outcome, m.is_member is null and not (b.known_member and s.visibility = 'open') as is_newcomer,
           count(*) filter (where o.outcome = 'created') over (partition by b.room order by b.idx) as place
    from json_to_recordset(p_batch) as b(idx integer, room integer, sender_id uuid, id uuid, content text, client_message_id text,
                                         file_ids uuid[], reply_to_seq bigint, ttl_seconds integer, known_user boolean, known_member boolean)
    left join spots s on s.place = b.room
    left join lateral (
      select true as is_member from room_members m
      where m.client_id = p_client_id and m.room_id = s.id and m.user_id = b.sender_id and not (b.known_member and s.visibility = 'open') limit 1
    ) m on true
    left join lateral (
      select u.username, u.email from users u where u.client_id = p_client_id and u.id = b.sender_id and not b.known_user limit 1
    ) u on true
    left join lateral (
      select e.seq, e.id, e.created_at, e.expires_at from messages e
      where e.client_id = p_client_id and e.room_id = s.id and e.sender_id = b.sender_id and e.client_message_id = b.client_message_id limit 1
    ) e on true
    cross join lateral (select case
      when s.id is null then 'room_not_found'
      when not b.known_user and u.username is null then 'user_not_found'
      when s.visibility = 'private' and m.is_member is null then 'room_not_found'
      when e.seq is not null then 'existing'
      when b.reply_to_seq > s.last_seq then 'reply_not_found'
      else 'created' end as outcome) o
  ),
  posted as (
    insert into messages (client_id, room_id, seq, id, sender_id, content, file_ids, reply_to_seq, client_message_id,
                          rev, posted_rev, created_at, expires_at)
    select p_client_id, i.room_id, i.last_seq + i.place, i.id, i.sender_id, i.content, i.file_ids, i.reply_to_seq,
           i.client_message_id, i.last_rev, i.last_rev, v_now, i.expires_at
    from incoming i where i.outcome = 'created'
  ),
  counted as (
    update rooms r set last_seq = n.last_seq
    from (select i.room_id, max(i.last_seq + i.place) as last_seq from incoming i where i.outcome = 'created' group by i.room_id) n
    where r.client_id = p_client_id and r.id = n.room_id
  ),
  newcomers as (
    insert into room_members (client_id, room_id, user_id, last_read_seq)
    select p_client_id, i.room_id, i.sender_id, max(i.last_seq + i.place)
    from incoming i where i.outcome = 'created' and i.is_newcomer
    group by i.room_id, i.sender_id
    on conflict do nothing
  )
  select i.idx, i.outcome, coalesce(i.first_seq, i.last_seq + i.place), i.first_id, coalesce(i.first_created_at, v_now),
         case when i.first_seq is null then i.expires_at else i.first_expires_at end,
         i.username, i.email, i.is_anonymous,
         i.outcome = 'created' and i.is_newcomer
           and i.idx = min(i.idx) filter (where i.outcome = 'created') over (partition by i.room_id, i.sender_id)
  from incoming i;
end $$`;

/**
 * What was said in a room goes with the room. A foreign key would say the same, and cost every message a look-up; the lock that posting
 * takes on the room makes this as safe: a deletion waits for the batch that holds it, and a batch that comes later finds no room.
 */
const DELETE_MESSAGES_WITH_ROOM = `
create function delete_messages_with_room() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from messages where client_id = old.client_id and room_id = old.id;
  return null;
end $$`;

/**
 * The operators that the token index needs are not leakproof, so row-level security would keep the planner from using it:
 * the function is its own wall and filters by tenant and by what the reader may see. A null reader sees every room that has
 * names. Newest first, keyset by message id (UUIDv7, so in order of time).
 */
const SEARCH_MESSAGES = `
create function search_messages(p_client_id text, p_user_id uuid, p_tokens integer[], p_text text, p_room_id text,
                                p_before uuid, p_limit integer)
returns table (room_id text, seq bigint, id uuid)
language sql stable security definer set search_path = public, pg_temp as $$
  select s.room_id, s.seq, s.id
  from message_search s
  join messages m on m.client_id = s.client_id and m.room_id = s.room_id and m.seq = s.seq
  join rooms r on r.client_id = s.client_id and r.id = s.room_id
  where s.client_id = p_client_id
    and p_client_id = nullif(current_setting('app.client_id', true), '')
    and s.tokens @> p_tokens
    and position(p_text in s.text) > 0
    and (p_room_id is null or s.room_id = p_room_id)
    and (p_before is null or s.id < p_before)
    and m.deleted_at is null and (m.expires_at is null or m.expires_at > now())
    and case
      when p_user_id is null then not r.is_anonymous
      else r.visibility = 'open' or exists (
        select 1 from room_members rm where rm.client_id = p_client_id and rm.room_id = r.id and rm.user_id = p_user_id)
    end
  order by s.id desc
  limit p_limit
$$`;
