/* SPDX-License-Identifier: Apache-2.0 OR MIT */
struct data;

struct part {
	struct data *whole;
	int number;
};

int use(struct part *part);
int first_add(struct data *data);
int second_add(struct data *data);
