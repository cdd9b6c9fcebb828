package judges

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// script is one shell step of a pipeline.
type script struct{ job, text string }

// scripts finds the shell steps of a pipeline, in order: GitHub's run, Azure's bash,
// and GitLab's script, whose commands are one step.
func scripts(t *testing.T, file string) []script {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	var all []script
	var walk func(n *yaml.Node, job string)
	walk = func(n *yaml.Node, job string) {
		for i, child := range n.Content {
			if n.Kind != yaml.MappingNode {
				walk(child, job)
				continue
			}
			if i%2 == 1 {
				continue
			}
			key, value := child.Value, n.Content[i+1]
			switch {
			case key == "run" || key == "bash":
				all = append(all, script{job, value.Value})
			case key == "script" && value.Kind == yaml.SequenceNode:
				var lines []string
				for _, line := range value.Content {
					lines = append(lines, line.Value)
				}
				all = append(all, script{job, strings.Join(lines, "\n")})
			case slices.Contains([]string{"plan", "apply", "drift"}, key):
				walk(value, key)
			case key == "job" || key == "deployment" || key == "stage":
				job = value.Value
			default:
				walk(value, job)
			}
		}
	}
	walk(&root, "")
	return slices.DeleteFunc(all, func(s script) bool { return strings.Contains(s.text, "go install") })
}

// TestPipelinesRun runs the scripts of each pipeline in bash, as their runners do, in
// a clone of a repository: against the sandbox, with real git, and with the services'
// own command lines replaced by ones that note what they are told.
func TestPipelinesRun(t *testing.T) {
	for _, system := range []string{"github-actions.yml", "gitlab-ci.yml", "azure-pipelines.yml"} {
		t.Run(system, func(t *testing.T) {
			p := newPipeline(t)
			all := scripts(t, filepath.Join("../../../docs/ci", system))
			ran := map[string]int{}
			for _, job := range []string{"plan", "apply"} {
				for _, s := range all {
					if s.job == job {
						ran[job]++
						p.run(s.text)
					}
				}
			}
			if ran["plan"] == 0 || ran["apply"] == 0 {
				t.Fatalf("scripts found: %v", ran)
			}
			// The plan became a comment, what is left a checklist, and the journal was
			// pushed.
			p.contains("told", "### zo365 plan `", "Authorize and Save")
			p.contains("work/applied.json", `"status": "pending"`)
			p.contains("work/checklist.md", "- [ ] 5. **Authorize and Save**")
			if log := p.git(
				"--git-dir",
				"origin.git",
				"log",
				"--format=%s",
				"main",
			); !strings.HasPrefix(
				log,
				"Record what zo365 did [skip ci]\n",
			) {
				t.Errorf("the journal was not pushed:\n%s", log)
			}
			told, err := os.ReadFile(filepath.Join(p.dir, "arguments"))
			if err != nil || bytes.Contains(told, []byte("the-token")) {
				t.Errorf("a secret is in an argument: %v\n%s", err, told)
			}

			// A person does the rest; the next run finds nothing to do, and nothing moved.
			zo365(t, p.work, p.env, 0, "sandbox", "visit", p.portal+"/account/setting")
			time.Sleep(500 * time.Millisecond) // Entra's readers lag behind
			zo365(t, p.work, p.env, 0, "portal", "confirm", "--all", "--yes", "--by", "admin@contoso.com")
			zo365(t, p.work, p.env, 0, "apply", "--auto-approve")
			for _, s := range all {
				if s.job == "drift" {
					p.run(s.text)
				}
			}
		})
	}
}

// pipeline is a repository, a clone and a runner's environment.
type pipeline struct {
	t         *testing.T
	dir, work string
	portal    string
	env       []string
}

func newPipeline(t *testing.T) *pipeline {
	t.Helper()
	dir, env, portal := provisioned(t)
	p := &pipeline{
		t:      t,
		dir:    dir,
		portal: portal,
		work:   filepath.Join(dir, "work"),
	}
	stubs := filepath.Join(dir, "stubs")
	if err := os.MkdirAll(stubs, 0o755); err != nil {
		t.Fatal(err)
	}
	// What the services' command lines are told: their arguments, what comes by
	// standard input, and the files that they name.
	stub := fmt.Sprintf(
		"#!/bin/bash\nprintf '%%s\\n' \"$*\" >> %[1]s/arguments\n[ -t 0 ] || timeout 1 cat >> %[1]s/told\ncat *.md >> %[1]s/told 2>/dev/null\nexit 0\n",
		dir,
	)
	for _, name := range []string{"gh", "curl"} {
		if err := os.WriteFile(filepath.Join(stubs, name), []byte(stub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(binary, filepath.Join(stubs, "zo365")); err != nil {
		t.Fatal(err)
	}
	p.env = append(
		env,
		"PATH="+stubs+":"+os.Getenv("PATH"),
		"GH_TOKEN=the-token",
		"ZO365_GITLAB_TOKEN=the-token",
		"SYSTEM_ACCESSTOKEN=",
		"PULL_REQUEST=1",
		"GITHUB_STEP_SUMMARY="+dir+"/summary",
		"GITHUB_OUTPUT="+dir+"/output",
		"CI_PROJECT_URL="+dir+"/origin",
		"CI_COMMIT_BRANCH=main",
		"CI_SERVER_HOST=gitlab.example",
		"CI_API_V4_URL=https://gitlab.example/api/v4",
		"CI_PROJECT_ID=1",
		"CI_MERGE_REQUEST_IID=2",
		"BUILD_SOURCEBRANCHNAME=main",
		"GIT_TERMINAL_PROMPT=0",
	)
	p.git("init", "--quiet", "--bare", "--initial-branch=main", "origin.git")
	p.git("clone", "--quiet", "origin.git", "work")
	for _, args := range [][]string{{"checkout", "--quiet", "-b", "main"}, {"config", "user.name", "t"}, {"config", "user.email", "t@example.com"}} {
		p.git(append([]string{"-C", "work"}, args...)...)
	}
	if err := os.Rename(filepath.Join(dir, "zo365.yaml"), filepath.Join(p.work, "zo365.yaml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(
		filepath.Join(dir, "zo365.journal.jsonl"),
		filepath.Join(p.work, "zo365.journal.jsonl"),
	); err != nil {
		t.Fatal(err)
	}
	p.git("-C", "work", "add", "zo365.yaml")
	p.git("-C", "work", "commit", "--quiet", "--message", "Want the integration")
	p.git("-C", "work", "push", "--quiet", "origin", "main")
	return p
}

func (p *pipeline) git(args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "git", args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// run runs a script as runners do. Its end may be a code that the pipeline lets pass.
func (p *pipeline) run(text string) {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), "bash", "-eo", "pipefail", "-c", text)
	cmd.Dir, cmd.Env = p.work, p.env
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); err != nil && code != 7 {
		p.t.Fatalf("%v\n%s\n%s", err, text, out)
	}
}

func (p *pipeline) contains(file string, texts ...string) {
	p.t.Helper()
	got, err := os.ReadFile(filepath.Join(p.dir, file))
	if err != nil {
		p.t.Error(err)
	}
	for _, want := range texts {
		if !bytes.Contains(got, []byte(want)) {
			p.t.Errorf("%s has no %q:\n%s", file, want, got)
		}
	}
}
