import type { MigrationInterface, QueryRunner } from 'typeorm';

const ROLES = ['kaiwa_app', 'kaiwa_system'];

/**
 * The two roles that statements run as. Neither can log in, owns anything or bypasses row-level security; connections log
 * in as the role of the URL and take one of these on. Roles belong to the whole cluster, so they may be there already.
 */
export class CreateRoles1763600000000 implements MigrationInterface {
  readonly name = 'CreateRoles1763600000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const role of ROLES) {
      await queryRunner.query(`
        do $$
        begin
          if not exists (select from pg_roles where rolname = '${role}') then
            create role ${role} nologin nosuperuser nocreatedb nocreaterole noinherit nobypassrls;
          end if;
        exception when duplicate_object or unique_violation then
          -- Another database of this cluster has made it in this very moment.
          null;
        end
        $$`);
      await queryRunner.query(`grant usage on schema public to ${role}`);
    }
    // A login that may make roles is no member of them by itself; later migrations hand functions to these, which takes that.
    // From PostgreSQL 16 on it can be told to inherit nothing by it.
    await queryRunner.query(`
      do $$
      declare
        is_16 boolean := current_setting('server_version_num')::int >= 160000;
        missing name;
      begin
        for missing in
          select rolname from pg_roles
           where rolname in ('${ROLES.join("', '")}')
             and not pg_has_role(current_user, oid, case when is_16 then 'SET' else 'MEMBER' end)
        loop
          execute format('grant %I to %I', missing, current_user) || case when is_16 then ' with inherit false, set true' else '' end;
        end loop;
      end
      $$`);
    await queryRunner.query('revoke create on schema public from public');
  }

  /** The roles stay: other databases of the cluster may use them. */
  async down(queryRunner: QueryRunner): Promise<void> {
    for (const role of ROLES) await queryRunner.query(`revoke usage on schema public from ${role}`);
  }
}
