import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from '../src/platform/database/tenant-table.js';

/** Tenants, the operator's registers, people, their sessions and keys, and what is kept of who did what. */
export class CreateTenancyAndIdentity1763600100000 implements MigrationInterface {
  readonly name = 'CreateTenancyAndIdentity1763600100000';

  async up(queryRunner: QueryRunner): Promise<void> {
    await tenantTable(queryRunner, 'tenants', {
      isTenantItself: true,
      // A tenant is made in its own scope, so that its owner and first room come with it or not at all.
      grants: ['select', 'insert', 'update'],
      columns: `
        client_id text primary key check (client_id ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
        name text not null,
        timezone text not null,
        phone_region text not null,
        registration text not null check (registration in ('open', 'invite', 'closed')),
        domains text[] not null default '{}',
        phone_numbers text[] not null default '{}',
        oidc jsonb,
        created_at timestamptz(3) not null default now()`,
    });

    // A domain or a number is one tenant's at most, whoever asks: these keys alone stand above the tenants.
    await tenantTable(queryRunner, 'tenant_domains', { grants: ['select', 'insert', 'delete'], columns: `domain text primary key` });
    await tenantTable(queryRunner, 'tenant_phone_numbers', {
      grants: ['select', 'insert', 'delete'],
      columns: `phone_number text primary key`,
    });
    await queryRunner.query(`
      create index on tenant_domains (client_id);
      create index on tenant_phone_numbers (client_id);
      create table operator_log (
        id uuid primary key,
        at timestamptz(3) not null default now(),
        action text not null,
        client_id text,
        address text,
        request_id text,
        details jsonb not null default '{}'
      );
      create table nodes (
        node_id text primary key,
        started_at timestamptz(3) not null default now(),
        seen_at timestamptz(3) not null default now()
      );
      grant select, insert on operator_log to kaiwa_system;
      grant insert on operator_log to kaiwa_app;
      grant select, insert, update, delete on nodes to kaiwa_system;
      grant select on nodes to kaiwa_app;
    `);

    await tenantTable(queryRunner, 'users', {
      columns: `
        id uuid not null,
        username text not null,
        username_key text not null,
        email text not null,
        email_key text not null,
        email_verified boolean not null default false,
        search_key text not null,
        password_hash text,
        role text not null default 'member' check (role in ('member', 'staff', 'admin', 'owner')),
        disabled_at timestamptz(3),
        oidc_issuer text,
        oidc_subject text,
        name text,
        date_of_birth date,
        phone_number text,
        position text,
        is_authenticated boolean not null default false,
        notifications integer not null default 0 check (notifications >= 0),
        created_at timestamptz(3) not null default now(),
        updated_at timestamptz(3) not null default now(),
        primary key (client_id, id),
        constraint users_username_unique unique (client_id, username_key),
        constraint users_email_unique unique (client_id, email_key),
        constraint users_oidc_unique unique (client_id, oidc_issuer, oidc_subject)`,
    });
    await queryRunner.query(`create index users_role on users (client_id, role) where role = 'owner'`);

    await tenantTable(queryRunner, 'sessions', {
      columns: `
        id uuid not null,
        user_id uuid not null,
        kind text not null check (kind in ('cookie', 'bearer')),
        room_id text not null,
        generation integer not null default 1,
        rotated_at timestamptz(3) not null default now(),
        created_at timestamptz(3) not null default now(),
        expires_at timestamptz(3) not null,
        primary key (client_id, id),
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`create index sessions_user on sessions (client_id, user_id, id)`);
    await queryRunner.query(`create index sessions_expires on sessions (expires_at)`);

    // What ended before its token did. Nodes keep it in memory, so that no request has to ask the database.
    await tenantTable(queryRunner, 'revocations', {
      columns: `
        kind text not null check (kind in ('session', 'role', 'identity')),
        subject_id uuid not null,
        role text,
        reason text not null,
        created_at timestamptz(3) not null default now(),
        expires_at timestamptz(3) not null,
        primary key (client_id, kind, subject_id)`,
    });
    await queryRunner.query(`create index revocations_expires on revocations (expires_at)`);

    await tenantTable(queryRunner, 'api_keys', {
      columns: `
        id uuid not null,
        name text not null,
        scopes text[] not null,
        key_hash text not null,
        created_by uuid,
        created_at timestamptz(3) not null default now(),
        expires_at timestamptz(3),
        primary key (client_id, id),
        unique (client_id, key_hash)`,
    });

    await tenantTable(queryRunner, 'invitations', {
      columns: `
        id uuid not null,
        email text not null,
        email_key text not null,
        role text not null check (role in ('member', 'staff', 'admin', 'owner')),
        token_hash text not null,
        created_by uuid,
        created_at timestamptz(3) not null default now(),
        expires_at timestamptz(3) not null,
        used_at timestamptz(3),
        primary key (client_id, id),
        unique (client_id, token_hash)`,
    });

    await tenantTable(queryRunner, 'password_resets', {
      columns: `
        id uuid not null,
        user_id uuid not null,
        token_hash text not null,
        created_at timestamptz(3) not null default now(),
        expires_at timestamptz(3) not null,
        primary key (client_id, id),
        unique (client_id, token_hash),
        foreign key (client_id, user_id) references users (client_id, id) on delete cascade`,
    });
    await queryRunner.query(`create index password_resets_user on password_resets (client_id, user_id)`);

    await tenantTable(queryRunner, 'audit_log', {
      grants: ['select', 'insert'],
      columns: `
        id uuid not null,
        at timestamptz(3) not null default now(),
        actor_kind text not null,
        actor_id text,
        action text not null,
        object_type text not null,
        object_id text,
        address text,
        request_id text,
        details jsonb not null default '{}',
        primary key (client_id, id)`,
    });

    await tenantTable(queryRunner, 'usage_daily', {
      columns: `
        day date not null,
        metric text not null,
        amount bigint not null default 0,
        primary key (client_id, day, metric)`,
    });

    await tenantTable(queryRunner, 'idempotency_keys', {
      columns: `
        actor_id text not null,
        route text not null,
        key text not null,
        request_hash text not null,
        status integer,
        body text,
        headers jsonb,
        locked_until timestamptz(3) not null,
        created_at timestamptz(3) not null default now(),
        primary key (client_id, actor_id, route, key)`,
    });
    await queryRunner.query(`create index idempotency_keys_created on idempotency_keys (created_at)`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop table idempotency_keys, usage_daily, audit_log, password_resets, invitations, api_keys, revocations, sessions, users,
        nodes, operator_log, tenant_phone_numbers, tenant_domains, tenants`);
  }
}
