//! The properties of every turn, and the tests that check them.

use std::fs;
use std::path::Path;

/// Each property with its tests, which are here, beside the code in `crates/agents`, and in `vx-status` and `vx-tui`.
const ROWS: [(&str, &[&str]); 24] = [
    (
        "claude's arguments are exact; resuming wins over a new session",
        &[
            "claude_gets_exactly_these_arguments",
            "the_agent_gets_its_arguments_in_its_directory_and_this_programs_input_is_not_its_own",
            "the_installed_claude_has_every_option_that_is_used_and_lists_its_modes",
        ],
    ),
    (
        "a prompt that cannot be an argument goes through standard input, then closed; a NUL is refused",
        &[
            "a_prompt_that_cannot_be_an_argument_goes_through_standard_input_which_is_then_closed",
            "an_agent_that_takes_only_arguments_refuses_such_a_prompt",
            "a_nul_is_refused_in_every_word",
            "an_agent_that_does_not_read_its_input_ends_all_the_same",
        ],
    ),
    (
        "one prompt is never given with `--input-format`; the long-lived form is one choice",
        &[
            "a_prompt_that_cannot_be_an_argument_goes_through_standard_input",
            "a_conversation_is_one_choice_and_only_for_agents_that_have_one",
            "a_conversation_takes_prompts_until_it_is_closed_and_each_has_its_end",
        ],
    ),
    (
        "standard input is empty or owned, never inherited",
        &[
            "the_agent_gets_its_arguments_in_its_directory_and_this_programs_input_is_not_its_own",
            "the_standard_input_of_an_agent_without_a_runner_is_its_own_too",
        ],
    ),
    (
        "permission modes: four at once, another one only if the program's help lists it",
        &[
            "a_mode_that_the_programs_help_lists_is_taken_and_another_is_refused_with_that_list",
            "the_values_of_an_option_are_found_in_its_help",
        ],
    ),
    (
        "variables: an exact list of marks is not inherited, the request's own always win, turns do not share them",
        &[
            "an_agent_gets_no_marks_of_an_outer_one_unless_they_are_asked_for",
            "the_requests_own_variables_always_win_and_other_turns_do_not_see_them",
        ],
    ),
    (
        "a start that fails is an error, without an event and without a process",
        &[
            "a_start_that_fails_is_an_error_and_nothing_is_left",
            "a_program_that_the_system_refuses_is_an_error_with_a_runner_and_without",
        ],
    ),
    (
        "the program is the first on PATH that can be executed",
        &[
            "directories_and_files_that_cannot_be_executed_are_passed_over",
            "an_agent_that_is_not_there_is_named_with_what_to_do",
        ],
    ),
    (
        "standard output: every form of a line counts, a bad line and a long one end nothing",
        &[
            "every_form_of_a_line_counts_and_one_that_is_no_json_does_not_end_the_reading",
            "the_rest_of_a_line_of_a_hundred_megabytes_is_dropped_and_the_next_line_is_read",
            "what_a_stream_says_does_not_depend_on_its_pieces",
            "any_bytes_are_read",
        ],
    ),
    (
        "a session is bound once, before its line's message",
        &["a_session_is_bound_once_before_its_message_also_by_a_line_that_is_none"],
    ),
    (
        "messages: not the lines about the session nor side chains; ids in order, unique where missing",
        &["a_stream_of_claude", "an_unknown_line_is_a_message_of_another_role_and_ids_that_are_missing_are_unique"],
    ),
    (
        "standard error: events up to a cap, all of it read",
        &[
            "standard_error_is_events_up_to_its_cap_and_fifty_megabytes_of_it_block_nothing",
            "lines_that_begin_below_the_cap_are_whole_and_later_ones_are_dropped",
            "of_a_long_line_the_beginning_is_kept_and_the_rest_is_marked",
        ],
    ),
    (
        "a consumer that has gone, or takes nothing, leaks and holds up nothing",
        &[
            "a_turn_whose_consumer_has_gone_is_read_to_its_end_and_nothing_of_it_is_left",
            "a_reader_that_does_not_read_stops_no_agent_and_still_gets_the_end",
            "a_reader_that_takes_nothing_holds_up_no_end",
        ],
    ),
    (
        "the end: exit codes and signals as they are, the last line starts a clock, `error` of codex is none",
        &[
            "an_exit_code_is_passed_on_and_a_signal_is_beside_minus_one",
            "an_agent_that_does_not_exit_after_its_result_is_ended",
            "an_error_that_an_agent_prints_at_each_retry_is_no_end",
            "a_codex_that_waits_for_the_network_has_not_ended",
            "a_runner_that_is_killed_is_a_failure_and_leaves_nothing_of_its_turn",
        ],
    ),
    (
        "the terminal event comes after everything that was printed",
        &["ten_thousand_lines_and_an_immediate_exit_are_all_there_before_the_end"],
    ),
    (
        "a process that is left behind with the pipes holds no end up, and is gone",
        &[
            "a_process_that_is_left_behind_with_the_pipes_does_not_hold_the_end_up",
            "a_process_that_is_left_behind_without_the_pipes_is_ended_and_nothing_is_truncated",
            "a_process_of_the_group_does_not_hold_the_end_up_without_a_runner_either",
            "a_process_that_ends_soon_after_its_agent_is_waited_for",
        ],
    ),
    (
        "a cancel at any instant is one terminal event",
        &[
            "an_agent_that_heeds_the_request_ends_by_it",
            "an_agent_that_does_not_heed_it_is_killed_with_all_below_it",
            "a_second_request_and_one_after_the_end_change_nothing",
            "dropping_the_handle_cancels",
            "a_cancel_at_any_instant_is_one_terminal_event",
            "ten_thousand_cancels_are_ten_thousand_terminal_events",
        ],
    ),
    (
        "waiting for a person is stored as health, seen in every view, and no stall",
        &[
            "a_slot_shows_the_tool_at_work_a_question_and_the_end_with_its_figures",
            "a_turn_that_waits_for_a_person_stands_first_and_each_has_its_figures",
            "the_inline_view_and_plain_lines_say_who_waits_for_a_person",
            "a_turn_that_waits_for_a_person_stands_above_failures_where_not_all_rows_fit",
        ],
    ),
    (
        "no line for long is a stall, derived by readers",
        &["an_agent_without_a_line_for_a_minute_is_stalled_unless_a_tool_or_a_person_is_waited_for"],
    ),
    (
        "fifty at once see nothing of each other, and none is left in the list of active turns",
        &["fifty_turns_at_once_do_not_see_each_others_lines"],
    ),
    (
        "memory is bounded, whatever is printed",
        &["floods_on_both_streams_fit_into_a_bounded_memory_of_the_turn_and_of_its_runner"],
    ),
    (
        "agents are data: recorded streams of each, and those of a project",
        &[
            "a_stream_of_codex",
            "a_stream_of_gemini",
            "a_stream_of_opencode",
            "a_gemini_without_a_network_has_failed",
            "an_opencode_without_a_network_has_failed",
            "a_plain_program_prints_a_message_a_line",
            "a_field_that_is_not_there_is_no_error",
            "an_agent_of_a_project_runs_once_its_user_has_agreed_to_it",
        ],
    ),
    (
        "the command: text, JSON, exit codes",
        &[
            "an_answer_is_printed_as_text_once_with_a_line_for_each_tool_beside_it",
            "events_are_lines_of_json_and_a_bad_end_has_a_name_of_its_own",
            "the_schema_has_every_field_of_every_event",
            "a_turn_that_takes_too_long_is_124_and_a_cancelled_one_130_and_both_leave_nothing",
        ],
    ),
    (
        "a batch: results in order, one stopped, one tried again, nothing left",
        &[
            "twenty_turns_end_with_results_in_the_order_of_the_input",
            "one_turn_is_stopped_and_one_tried_again_while_the_others_go_on",
            "a_killed_batch_leaves_no_agent_behind",
        ],
    ),
];

/// The text of all sources below this folder.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            sources(&entry, text);
        } else if entry.extension().is_some_and(|kind| kind == "rs") {
            *text += &fs::read_to_string(entry).expect("a source");
        }
    }
}

#[test]
fn every_property_of_turns_has_its_tests() {
    let mut text = String::new();
    for folder in ["tests/it/running/turns", "crates/agents/src", "status/src", "tui/src/app"] {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut text);
    }
    for (property, tests) in ROWS {
        for test in tests {
            assert!(text.contains(&format!("fn {test}(")), "{property}: there is no {test}");
        }
    }
}
