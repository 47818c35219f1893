/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What outlives the process: nothing of it is changed, lost or shared. */
#include "world.h"

#include <sqlite3.h>
#include <sys/wait.h>

#include "store/database.h"

static struct dose *new_dose(const char *uid, usec_t due_usec) {
        struct dose *dose = calloc(1, sizeof(*dose));

        assert_non_null(dose);
        dose->person = strdup("ana");
        dose->uid = strdup(uid);
        dose->recurrence_id = strdup("20261123T080000");
        dose->medication = strdup("Lisinopril");
        dose->title = strdup("Lisinopril 10 mg");
        dose->instructions = strdup("with water\nnot with milk");
        dose->due_usec = due_usec;
        dose->window_end_usec = due_usec + 4 * USEC_PER_HOUR;
        dose->next_due_usec = USEC_NEVER;
        dose->spacing_usec = USEC_PER_DAY;
        return dose;
}

static void enter(struct store *store, struct dose *dose, enum entry_kind kind, enum dose_state after) {
        const struct entry entry = {
                .kind = kind,
                .state = after,
                .recorded_usec = AT(8, 0),
                .taken_usec = kind == ENTRY_TAKEN ? AT(8, 1) : USEC_NONE,
                .recorded_by = (char *) "ana",
        };

        assert_int_equal(dose_apply(dose, &entry), 0);
        assert_int_equal(store_add_entry(store, dose, &entry), 0);
}

static void reopen(struct world *world) {
        pid_t holder;

        world_stop(world);
        assert_int_equal(store_open(world->state, &world->store, &holder), 0);
}

static void a_dose_reads_back_as_it_was_written(void **state) {
        struct world *world = *state;
        _cleanup_(dose_free_p) struct dose *dose = new_dose("lis", AT(8, 0)), *back = NULL;
        usec_t last;

        enter(world->store, dose, ENTRY_DUE, DOSE_DUE);
        enter(world->store, dose, ENTRY_REMINDED, DOSE_DUE);
        enter(world->store, dose, ENTRY_TAKEN, DOSE_TAKEN);
        assert_int_equal(store_flush(world->store), 0);
        reopen(world);

        assert_int_equal(store_get_dose(world->store, "ana", "lis", "20261123T080000", &back), 0);
        assert_string_equal(back->title, dose->title);
        assert_string_equal(back->instructions, dose->instructions);
        assert_null(back->amount);
        assert_int_equal(back->due_usec, dose->due_usec);
        assert_int_equal(back->next_due_usec, USEC_NEVER);
        assert_int_equal(back->state, DOSE_TAKEN);
        assert_int_equal(back->reminders, 1);
        assert_string_equal(back->recorded.recorded_by, "ana");
        assert_int_equal(store_last_taken(world->store, "ana", "Lisinopril", &last), 0);
        assert_int_equal(last, AT(8, 1));
        assert_int_equal(store_last_taken(world->store, "bruno", "Lisinopril", &last), 0);
        assert_int_equal(last, USEC_NONE);
}

static void the_ledger_refuses_to_be_changed(void **state) {
        static const char *const attempts[] = {
                "UPDATE entry SET kind = 'taken'",
                "DELETE FROM entry",
                "UPDATE dose SET due_usec = 0",
                "DELETE FROM dose",
                "UPDATE plan_change SET kind = 'x'",
                "INSERT OR REPLACE INTO entry SELECT * FROM entry",
        };
        struct world *world = *state;
        _cleanup_(dose_free_p) struct dose *dose = new_dose("lis", AT(8, 0));

        enter(world->store, dose, ENTRY_DUE, DOSE_DUE);
        assert_int_equal(store_flush(world->store), 0);
        assert_int_equal(sqlite3_exec(world->store->database,
                                      "INSERT INTO plan_change VALUES (1, 'ana', 0, 'added', 'u', 'm', 't', 'f')", NULL,
                                      NULL, NULL),
                         SQLITE_OK);
        for (size_t i = 0; i < ELEMENTS(attempts); i++) {
                char *message = NULL;

                assert_int_equal(sqlite3_exec(world->store->database, attempts[i], NULL, NULL, &message) & 0xFF,
                                 SQLITE_CONSTRAINT);
                assert_non_null(strstr(message, "append-only"));
                sqlite3_free(message);
        }
}

static void replaying_the_ledger_gives_the_standing(void **state) {
        struct world *world = *state;
        sqlite3_stmt *statement;
        int n = 0;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        world_put_event(world, "l.ics", "l", "Lisinopril", DAILY("080000"));
        world_reload(world);
        world_pass_until(world, AT(9, 5));
        assert_int_equal(world_confirm(world, "ana/a/20261123T090000", (struct record_options){}), 0);
        world_pass_until(world, AT(9, 5) + 3 * USEC_PER_DAY);
        assert_int_equal(sqlite3_prepare_v2(world->store->database,
                                            "SELECT s.state, (SELECT e.state FROM entry e WHERE e.dose = s.dose"
                                            " ORDER BY e.id DESC LIMIT 1) FROM standing s",
                                            -1, &statement, NULL),
                         SQLITE_OK);
        for (; sqlite3_step(statement) == SQLITE_ROW; n++)
                assert_string_equal(sqlite3_column_text(statement, 0), sqlite3_column_text(statement, 1));
        sqlite3_finalize(statement);
        assert_int_equal(n, 8);
}

static void a_second_process_is_told_who_holds_the_store(void **state) {
        struct world *world = *state;
        pid_t child = fork();
        int status;

        assert_true(child >= 0);
        if (child == 0) {
                struct store *store;
                pid_t holder = 0;
                int r = store_open(world->state, &store, &holder);

                _exit(r == STORE_HELD && holder == getppid() ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
}

static void write_file(const struct world *world, const char *name, const char *text) {
        _cleanup_(free_p) char *path = NULL;
        _cleanup_(fclose_p) FILE *file = NULL;

        assert_true(asprintf(&path, "%s/%s", world->state, name) > 0);
        file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
}

static void another_program_in_the_file_is_no_damage(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *path = NULL;
        struct store *store;
        sqlite3 *other;
        pid_t holder = 0;

        world_stop(world);
        assert_true(asprintf(&path, "%s/dosed.db", world->state) > 0);
        assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
        assert_int_equal(sqlite3_exec(other, "BEGIN; SELECT * FROM dose", NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(store_open(world->state, &store, &holder), STORE_HELD);
        assert_int_equal(holder, 0);
        assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void a_damaged_store_is_said_to_be_unusable(void **state) {
        struct world *world = *state;
        struct store *store;
        pid_t holder;

        world_stop(world);
        write_file(world, "dosed.db", "this is no database, but it is long enough to look at, and then some more of it\n");
        write_file(world, "dosed.db-wal", "");
        assert_int_equal(store_open(world->state, &store, &holder), STORE_UNUSABLE);
}

static void a_store_of_a_newer_version_is_left_alone(void **state) {
        struct world *world = *state;
        struct store *store;
        pid_t holder;

        assert_int_equal(sqlite3_exec(world->store->database, "PRAGMA user_version = 999", NULL, NULL, NULL), SQLITE_OK);
        world_stop(world);
        assert_int_equal(store_open(world->state, &store, &holder), STORE_TOO_NEW);
}

/* A store as the first version wrote it. */
static void make_version_1(struct world *world) {
        _cleanup_(free_p) char *path = NULL, *sql = NULL, *moves = NULL;
        sqlite3 *database;
        size_t size = 0;
        FILE *file = fopen("tests/data/store/version-1.sql", "re");

        assert_non_null(file);
        assert_true(getdelim(&sql, &size, '\0', file) > 0);
        (void) fclose(file);
        assert_true(asprintf(&path, "%s/dosed.db", world->state) > 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
        assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
        assert_true(asprintf(&moves, "UPDATE plan_file SET name = '%s' || name", world->place) > 0);
        assert_int_equal(sqlite3_exec(database, moves, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static void a_store_of_the_first_version_goes_on(void **state) {
        struct world *world = *state;
        enum dose_state dose;

        world_stop(world);
        make_version_1(world);
        world_put_event(world, "a.ics", "asp", "Aspirin", DAILY("070000"));
        world_put_event(world, "l.ics", "lis", "Lisinopril", DAILY("080000"));
        world_put_event(world, "m.ics", "met", "Metformin", DAILY("093000"));
        world->now_usec = AT(8, 6);
        world_forget(world);
        world_start(world);
        assert_int_equal(engine_count_degraded(world->engine), 0);
        world_assert_state(world, "ana/asp/20261123T070000", DOSE_TAKEN);
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_DUE);
        assert_int_equal(engine_visit_dose(world->engine, "ana/met/20261123T073000", world->now_usec, world_copy_state, &dose),
                         ENGINE_NO_SUCH_DOSE);
        world_pass_until(world, AT(9, 30));
        world_told(world, "08:10 reminder Lisinopril due\n08:30 reminder Lisinopril due\n09:00 reminder Lisinopril due\n"
                          "09:30 changed Metformin due\n09:30 reminder Metformin due\n");
        /* It knows what took the place of what. */
        world_put_event(world, "m.ics", "met", "Metformin", DAILY("073000"));
        world_reload(world);
        world_assert_state(world, "ana/met/20261123T073000", DOSE_DUE);
}

static void files_of_others_cannot_read_the_store(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *path = NULL;
        struct stat st;

        assert_true(asprintf(&path, "%s/dosed.db", world->state) > 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
}

/* SQLite's own limit on the size of the file plays the full disk. */
static void set_full(struct world *world, bool full) {
        char pragma[64];
        sqlite3_stmt *statement;
        int pages;

        assert_int_equal(sqlite3_prepare_v2(world->store->database, "PRAGMA page_count", -1, &statement, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        pages = full ? sqlite3_column_int(statement, 0) : 1000000;
        sqlite3_finalize(statement);
        (void) snprintf(pragma, sizeof(pragma), "PRAGMA max_page_count = %d", pages);
        assert_int_equal(sqlite3_exec(world->store->database, pragma, NULL, NULL, NULL), SQLITE_OK);
}

static void on_a_full_disk_reminders_go_on_and_nothing_is_lost(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL, *note = NULL;
        struct record_options options = { .recorded_by = "ana" };

        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000"));
        world_reload(world);
        world_forget(world);
        note = calloc(1, 20001);
        memset(note, 'x', 20000); /* more than is left in a page */
        options.note = note;

        set_full(world, true);
        world_pass_until(world, AT(8, 1));
        assert_int_equal(engine_confirm(world->engine, "ana/lis/20261123T080000", &options, world->now_usec, &answer, &reason),
                         0);
        assert_false(answer.durable);
        assert_int_equal(engine_count_degraded(world->engine), 1);
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n"
                          "08:01 changed Lisinopril taken\ndegraded 1\n");
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_TAKEN);
        world_pass_until(world, AT(8, 20));
        world_told(world, "");

        /* It goes in by itself, without anything else being due. */
        set_full(world, false);
        world_pass_until(world, AT(8, 30));
        world_told(world, "degraded 0\n");
        world_stop(world);
        world_start(world);
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_TAKEN);
}

static void a_store_in_memory_serves_while_its_file_cannot(void **state) {
        _cleanup_(store_free_p) struct store *store = NULL;
        _cleanup_(dose_free_p) struct dose *dose = new_dose("lis", AT(8, 0)), *back = NULL;
        uint64_t digest;

        (void) state;
        assert_int_equal(store_open_memory(&store), 0);
        enter(store, dose, ENTRY_DUE, DOSE_DUE);
        assert_int_equal(store_flush(store), 0);
        assert_int_equal(store_get_dose(store, "ana", "lis", "20261123T080000", &back), 0);
        assert_int_equal(store_mark_reading(store, 1), 0);
        assert_int_equal(store_get_reading(store, &digest), STORE_NOTHING);
}

/* The file stays where it is: on a disk that is full by then it is written over. */
static void the_mark_of_a_file_that_is_read_is_written_in_place(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *path = NULL;
        struct stat first, second;
        uint64_t digest = 0;

        assert_true(asprintf(&path, "%s/reading", world->state) > 0);
        assert_int_equal(store_mark_reading(world->store, 0xfedcba9876543210), 0);
        assert_int_equal(store_get_reading(world->store, &digest), 0);
        assert_true(digest == 0xfedcba9876543210);
        assert_int_equal(stat(path, &first), 0);
        assert_int_equal(store_clear_reading(world->store), 0);
        assert_int_equal(store_get_reading(world->store, &digest), STORE_NOTHING);
        assert_int_equal(stat(path, &second), 0);
        assert_int_equal(first.st_ino, second.st_ino);
        assert_int_equal(first.st_size, second.st_size);
}

static void assert_was_settled(struct store *store, int outcome, enum dose_state expected) {
        enum dose_state state = DOSE_UPCOMING;

        assert_int_equal(store_find_settled(store, "ana", "lis", "20261123T080000", &state), outcome);
        assert_int_equal(state, expected);
}

static void what_time_made_of_a_dose_is_found_behind_its_journeys(void **state) {
        struct world *world = *state;
        _cleanup_(dose_free_p) struct dose *dose = new_dose("lis", AT(8, 0));

        assert_was_settled(world->store, STORE_NOTHING, DOSE_UPCOMING);
        enter(world->store, dose, ENTRY_UNATTENDED, DOSE_UNATTENDED);
        enter(world->store, dose, ENTRY_TRAVELLED, DOSE_UPCOMING);
        assert_was_settled(world->store, 0, DOSE_UNATTENDED);
        assert_int_equal(store_flush(world->store), 0);
        enter(world->store, dose, ENTRY_REMINDED, DOSE_UPCOMING);
        assert_was_settled(world->store, 0, DOSE_UNATTENDED);
        assert_int_equal(store_flush(world->store), 0);
        assert_was_settled(world->store, 0, DOSE_UNATTENDED);
        enter(world->store, dose, ENTRY_TRAVELLED, DOSE_UNATTENDED);
        enter(world->store, dose, ENTRY_TRAVELLED, DOSE_UPCOMING);
        assert_was_settled(world->store, 0, DOSE_UNATTENDED);
        enter(world->store, dose, ENTRY_MOVED, DOSE_UPCOMING);
        assert_was_settled(world->store, STORE_NOTHING, DOSE_UPCOMING);
        assert_int_equal(store_flush(world->store), 0);
        assert_was_settled(world->store, STORE_NOTHING, DOSE_UPCOMING);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_dose_reads_back_as_it_was_written),
                TEST(the_ledger_refuses_to_be_changed),
                TEST(replaying_the_ledger_gives_the_standing),
                TEST(a_second_process_is_told_who_holds_the_store),
                TEST(another_program_in_the_file_is_no_damage),
                TEST(a_damaged_store_is_said_to_be_unusable),
                TEST(a_store_of_a_newer_version_is_left_alone),
                TEST(a_store_of_the_first_version_goes_on),
                TEST(files_of_others_cannot_read_the_store),
                TEST(on_a_full_disk_reminders_go_on_and_nothing_is_lost),
                TEST(the_mark_of_a_file_that_is_read_is_written_in_place),
                TEST(what_time_made_of_a_dose_is_found_behind_its_journeys),
                cmocka_unit_test(a_store_in_memory_serves_while_its_file_cannot),
        };

        return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
