/*
 * The files of sql/, built into the command by sql/embed.sh. Not part of the library: the module never changes a schema.
 */
#ifndef GPT_OAUTH_STORE_MIGRATIONS_H
#define GPT_OAUTH_STORE_MIGRATIONS_H

typedef struct migration_t {
    const char *driver; /* DBDriver's word: "pgsql" or "sqlite3" */
    int version;        /* 1, 2, … without a gap */
    const char *name;   /* the file's name without number and suffix */
    const char *sql;    /* the whole file */
} migration_t;

/* Ascending by driver and version; ends with driver NULL. */
extern const migration_t migrations[];

#endif
