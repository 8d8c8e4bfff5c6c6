// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "suggest.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <fmt/format.h>
#include <numeric>

namespace xdpbridge::loader {

namespace {

// Damerau-Levenshtein (optimal string alignment): "prot" is one swap from "port".
std::size_t distance(const std::string& a, const std::string& b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); i++)
        d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); j++)
        d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); i++)
        for (std::size_t j = 1; j <= b.size(); j++) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[a.size()][b.size()];
}

std::vector<std::string> verbs_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; }))
        names.push_back(verb->get_name());
    return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* level = &app; level; level = level->get_parent())
        for (const auto* option : level->get_options())
            for (const auto& name : option->get_lnames())
                names.push_back("--" + name);
    return names;
}

std::string complaint(const std::string& what, const std::string& typed,
                      const std::vector<std::string>& words) {
    const std::string meant = nearest(typed, words);
    return fmt::format("unknown {} '{}'{}", what, typed,
                       meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant));
}

} // namespace

std::string nearest(const std::string& typed, const std::vector<std::string>& words) {
    std::string best;
    std::size_t best_distance = typed.size() / 2 + 1; // further away it is another word
    for (const auto& word : words) {
        const std::size_t d = distance(typed, word);
        if (d < best_distance || (typed.size() >= 2 && word.starts_with(typed))) {
            best = word;
            best_distance = d;
        }
    }
    return best;
}

std::string unknown_word(const CLI::App& app, const std::vector<std::string>& words) {
    const CLI::App* level = &app;
    for (std::size_t i = 0; i < words.size(); i++) {
        const std::string word = words[i].substr(0, words[i].find('='));
        if (word.starts_with("--") && word.size() > 2) {
            const auto known = options_of(*level);
            if (std::find(known.begin(), known.end(), word) == known.end())
                return complaint("option", word, known);
        }
        if (word.starts_with("-")) {
            const CLI::Option* option = level->get_option_no_throw(word);
            if (!option)
                option = app.get_option_no_throw(word);
            if (option && option->get_expected_min() > 0 && word.size() == words[i].size())
                i++; // its value
            continue;
        }
        const auto verbs = verbs_of(*level);
        if (verbs.empty())
            continue; // an argument
        if (std::find(verbs.begin(), verbs.end(), word) == verbs.end())
            return complaint("command", word, verbs);
        level = level->get_subcommand(word);
    }
    return {};
}

} // namespace xdpbridge::loader
