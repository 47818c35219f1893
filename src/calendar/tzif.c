/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads compiled zone data: TZif, RFC 8536. */
#include <endian.h>
#include <string.h>

#include "calendar/zone-data.h"
#include "dosed/limits.h"

#define HEADER_SIZE 44
#define TYPE_SIZE 6

struct header {
        char version;
        uint32_t n_utc_flags, n_standard_flags, n_leaps, n_times, n_types, n_text;
};

static uint32_t read_u32(const uint8_t *p) {
        uint32_t value;

        memcpy(&value, p, sizeof(value));
        return be32toh(value);
}

static int64_t read_i64(const uint8_t *p) {
        uint64_t value;

        memcpy(&value, p, sizeof(value));
        return (int64_t) be64toh(value);
}

static bool read_header(const uint8_t *bytes, size_t size, struct header *ret) {
        if (size < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0)
                return false;

        *ret = (struct header){
                .version = (char) bytes[4],
                .n_utc_flags = read_u32(bytes + 20),
                .n_standard_flags = read_u32(bytes + 24),
                .n_leaps = read_u32(bytes + 28),
                .n_times = read_u32(bytes + 32),
                .n_types = read_u32(bytes + 36),
                .n_text = read_u32(bytes + 40),
        };
        return ret->n_types >= 1 && ret->n_types <= 256 && ret->n_times <= LIMIT_ZONE_TRANSITIONS &&
               ret->n_leaps <= LIMIT_ZONE_BYTES && ret->n_text <= LIMIT_ZONE_BYTES &&
               ret->n_utc_flags <= ret->n_types && ret->n_standard_flags <= ret->n_types;
}

/* `time_size` is 4 in the first block and 8 in the second. */
static size_t block_size(const struct header *header, size_t time_size) {
        return header->n_times * (time_size + 1) + header->n_types * TYPE_SIZE + header->n_text +
               header->n_leaps * (time_size + 4) + header->n_standard_flags + header->n_utc_flags;
}

static int read_block(struct zone *zone, const struct header *header, const uint8_t *block) {
        const uint8_t *indexes = block + header->n_times * 8, *types = indexes + header->n_times;
        int64_t before = INT64_MIN;
        int r;

        for (uint32_t i = 0; i < header->n_types; i++) {
                int32_t offset_sec = (int32_t) read_u32(types + i * TYPE_SIZE);

                if (offset_sec > ZONE_OFFSET_MAX_SEC || offset_sec < -ZONE_OFFSET_MAX_SEC)
                        return ZONE_BAD_DATA;
        }

        /* Type 0 counts before the first transition (RFC 8536 3.2). */
        zone->first_offset_sec = (int32_t) read_u32(types);
        for (uint32_t i = 0; i < header->n_times; i++) {
                int64_t at_sec = read_i64(block + i * 8);

                if (indexes[i] >= header->n_types || (i > 0 && at_sec <= before))
                        return ZONE_BAD_DATA;
                before = at_sec;

                r = zone_append(zone, at_sec, (int32_t) read_u32(types + indexes[i] * TYPE_SIZE));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_footer(struct zone *zone, const uint8_t *footer, size_t size) {
        const uint8_t *end;

        if (size < 2 || footer[0] != '\n')
                return ZONE_BAD_DATA;
        footer++;
        end = memchr(footer, '\n', size - 1);
        if (!end)
                return ZONE_BAD_DATA;
        if (end == footer)
                return 0;

        zone->has_posix = true;
        return posix_zone_parse((const char *) footer, (size_t) (end - footer), &zone->posix);
}

int tzif_read(const char *name, const void *bytes, size_t size, struct zone **ret) {
        _cleanup_(zone_free_p) struct zone *zone = NULL;
        const uint8_t *p = bytes, *end = p + size;
        struct header header;
        int r;

        /* The first block ends in 2037 and has no rule for the time after it: version 1 is not enough. */
        if (!read_header(p, size, &header) || header.version < '2' ||
            block_size(&header, 4) > size - HEADER_SIZE)
                return ZONE_BAD_DATA;
        p += HEADER_SIZE + block_size(&header, 4);

        /* With leap seconds counted in ("right" zones) every time of day would be off. */
        if (!read_header(p, (size_t) (end - p), &header) || header.n_leaps > 0 ||
            block_size(&header, 8) > (size_t) (end - p) - HEADER_SIZE)
                return ZONE_BAD_DATA;
        p += HEADER_SIZE;

        r = zone_new(name, &zone);
        if (r < 0)
                return r;
        r = read_block(zone, &header, p);
        if (r != 0)
                return r;
        p += block_size(&header, 8);
        r = read_footer(zone, p, (size_t) (end - p));
        if (r != 0)
                return r;

        *ret = TAKE(zone);
        return 0;
}
