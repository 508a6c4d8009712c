import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The door to the job queue. The queue's own tables stand in the schema `graphile_worker`, which its library makes and this
 * server's role cannot enter: a job of a tenant is enqueued through one function that looks at whose it is.
 */
export class CreateJobs1763600300000 implements MigrationInterface {
  readonly name = 'CreateJobs1763600300000';

  async up(queryRunner: QueryRunner): Promise<void> {
    // Keys and queues are prefixed, as both are unique over the whole queue: no tenant meets another's.
    await queryRunner.query(`
      create function enqueue_job(p_name text, p_payload json, p_run_at timestamptz, p_key text, p_key_mode text,
                                  p_max_attempts integer, p_priority integer, p_queue text)
      returns void
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      declare
        owner text := p_payload ->> 'client_id';
      begin
        -- The setting tells the caller's role; current_user is this function's owner.
        if current_setting('role') <> 'kaiwa_system'
           and (owner is null or owner is distinct from nullif(current_setting('app.client_id', true), '')) then
          raise exception 'A job belongs to the tenant in scope' using errcode = 'insufficient_privilege';
        end if;
        perform graphile_worker.add_job(
          identifier => p_name,
          payload => p_payload,
          run_at => p_run_at,
          job_key => coalesce(owner, '') || ':' || p_name || ':' || p_key,
          job_key_mode => p_key_mode,
          max_attempts => p_max_attempts,
          priority => p_priority,
          queue_name => coalesce(owner, '') || ':' || p_queue);
      end
      $$`);
    await queryRunner.query(`
      revoke all on function enqueue_job(text, json, timestamptz, text, text, integer, integer, text) from public;
      grant execute on function enqueue_job(text, json, timestamptz, text, text, integer, integer, text) to kaiwa_app, kaiwa_system;
    `);

    // A tenant's jobs go with it; the queue's tables can have no foreign key.
    await queryRunner.query(`
      create function forget_tenant_jobs() returns trigger
      language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
      begin
        delete from graphile_worker._private_jobs where payload ->> 'client_id' = old.client_id;
        return null;
      end
      $$`);
    await queryRunner.query(`
      revoke all on function forget_tenant_jobs() from public;
      create trigger tenants_forget_jobs after delete on tenants for each row execute function forget_tenant_jobs();
    `);

    // Which runners live; what a dead one had taken is given back.
    await queryRunner.query(`
      create table job_runners (
        id text primary key,
        seen_at timestamptz(3) not null default now()
      );
      revoke all on job_runners from public;
      grant select, insert, update, delete on job_runners to kaiwa_system;
    `);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      drop table job_runners;
      drop trigger tenants_forget_jobs on tenants;
      drop function forget_tenant_jobs();
      drop function enqueue_job(text, json, timestamptz, text, text, integer, integer, text);
    `);
  }
}
