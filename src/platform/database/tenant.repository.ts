import type {
  DeepPartial,
  DeleteResult,
  EntityTarget,
  FindManyOptions,
  FindOneOptions,
  FindOptionsWhere,
  Repository,
  SelectQueryBuilder,
  UpdateResult,
} from 'typeorm';
import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js';
import { newId } from '../ids/index.js';
import { Scope } from '../scope/index.js';
import type { Database } from './database.js';
import { decodeCursor, type KeysetKind, type KeysetValue, type Page, pageLimit, pageOf, type PageRequest } from './keyset.js';

export type Where<E> = FindOptionsWhere<E> | FindOptionsWhere<E>[];

/** How a list is sorted: columns that are never null and together unique, all in one direction. */
export interface KeysetOrder<E> {
  columns: ReadonlyArray<keyof E & string>;
  direction: 'asc' | 'desc';
}

const KINDS: Record<string, KeysetKind> = {
  uuid: 'uuid',
  timestamptz: 'timestamp',
  date: 'date',
  int: 'int4',
  integer: 'int4',
  int4: 'int4',
  smallint: 'int4',
  int8: 'integer',
  bigint: 'integer',
};

/**
 * One tenant table, by TypeORM. Every call narrows to the scope's tenant by itself: a wall of its own beside row-level
 * security, and what a database sharded by `client_id` routes by. A `client_id` that a caller passes is overruled.
 */
export abstract class TenantRepository<E extends { client_id: string }> {
  protected constructor(
    protected readonly database: Database,
    private readonly entity: EntityTarget<E>,
    private readonly defaultOrder: KeysetOrder<E> = {
      columns: ['created_at', 'id'] as unknown as ReadonlyArray<keyof E & string>,
      direction: 'desc',
    },
  ) {}

  /** The rows that match; bound the number by `options.take` wherever a caller decides how many there are. */
  find(where: Where<E>, options: Omit<FindManyOptions<E>, 'where'> = {}): Promise<E[]> {
    return this.rows.find({ ...options, where: this.mine(where) });
  }

  /** The row that matches, or null. */
  findOne(where: Where<E>, options: Omit<FindOneOptions<E>, 'where'> = {}): Promise<E | null> {
    return this.rows.findOne({ ...options, where: this.mine(where) });
  }

  /** Inserts one row and answers it as stored, defaults included. An `id` of type uuid is made where none is given. */
  async insert(values: DeepPartial<E>): Promise<E> {
    const rows = this.rows;
    const row = rows.create({ ...values, client_id: Scope.clientId() });
    const cells = row as Record<string, unknown>;
    const columns = rows.metadata.columns;
    if (cells['id'] === undefined && columns.some((column) => column.propertyName === 'id' && column.type === 'uuid')) {
      cells['id'] = newId();
    }
    await rows.insert(row as QueryDeepPartialEntity<E>);
    for (const column of columns) {
      if (column.isNullable && cells[column.propertyName] === undefined) cells[column.propertyName] = null;
    }
    return row;
  }

  /** Changes the rows that match and answers how many they were. */
  async update(where: FindOptionsWhere<E>, patch: QueryDeepPartialEntity<Omit<E, 'client_id'>>): Promise<number> {
    const changes: Record<string, unknown> = { ...(patch as object) };
    delete changes['client_id'];
    if (Object.keys(changes).length === 0) return this.count(where);
    const result: UpdateResult = await this.rows.update(this.mineOne(where), changes as QueryDeepPartialEntity<E>);
    return result.affected ?? 0;
  }

  /** Deletes the rows that match and answers how many they were. */
  async delete(where: FindOptionsWhere<E>): Promise<number> {
    const result: DeleteResult = await this.rows.delete(this.mineOne(where));
    return result.affected ?? 0;
  }

  /** How many rows match. */
  count(where: Where<E> = {}): Promise<number> {
    return this.rows.count({ where: this.mine(where) });
  }

  /**
   * A query that is narrowed to the tenant already. `where` on it adds to that (it is `andWhere`), and `orWhere`, which
   * would step round it, throws: put alternatives into one `andWhere` with brackets.
   */
  query(alias: string): SelectQueryBuilder<E> {
    const query = this.rows.createQueryBuilder(alias).where(`${alias}.client_id = :scope_client_id`, { scope_client_id: Scope.clientId() });
    query.where = (...condition) => query.andWhere(...condition);
    query.orWhere = () => {
      throw new Error('orWhere would leave the tenant; use andWhere(new Brackets(…))');
    };
    return query;
  }

  /** One page by keyset: every page costs what the first does. Throws INVALID_CURSOR. */
  async list(where: FindOptionsWhere<E>, page: PageRequest, order: KeysetOrder<E> = this.defaultOrder): Promise<Page<E>> {
    const limit = pageLimit(page.limit);
    const query = this.query('row').andWhere(where);
    this.narrow(query, 'row', page.cursor, order);
    const direction = order.direction === 'asc' ? 'ASC' : 'DESC';
    for (const column of order.columns) query.addOrderBy(`row.${column}`, direction);
    const rows = await query.limit(limit + 1).getMany();
    return pageOf(rows, limit, (row) => order.columns.map((column) => row[column] as KeysetValue | Date));
  }

  /** Leaves out what the pages before `cursor` had; for lists that a query of one's own makes. */
  protected narrow(query: SelectQueryBuilder<E>, alias: string, cursor: string | undefined, order: KeysetOrder<E>): void {
    if (cursor === undefined) return;
    const values = decodeCursor(
      cursor,
      order.columns.map((column) => this.kindOf(column)),
    );
    const names = order.columns.map((_, index) => `keyset_${index}`);
    const left = order.columns.map((column) => `${alias}.${column}`).join(', ');
    const right = names.map((name) => `:${name}`).join(', ');
    query.andWhere(
      `(${left}) ${order.direction === 'asc' ? '>' : '<'} (${right})`,
      Object.fromEntries(names.map((name, index) => [name, values[index]])),
    );
  }

  /** TypeORM's repository, in the open transaction if there is one; it does not narrow by itself. */
  protected get rows(): Repository<E> {
    return this.database.repository(this.entity);
  }

  private kindOf(column: string): KeysetKind {
    const type = this.rows.metadata.findColumnWithPropertyName(column)?.type;
    return (typeof type === 'string' ? KINDS[type] : undefined) ?? 'text';
  }

  private mineOne(where: FindOptionsWhere<E>): FindOptionsWhere<E> {
    return { ...where, client_id: Scope.clientId() };
  }

  private mine(where: Where<E>): Where<E> {
    return Array.isArray(where) ? where.map((one) => this.mineOne(one)) : this.mineOne(where);
  }
}
